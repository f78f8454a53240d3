import { z } from 'zod'
import { commenting } from '../commenting.ts'
import type { ForgeHttp } from '../http.ts'
import { askedOnce } from '../once.ts'
import { readAs } from '../read-as.ts'
import type { Forge } from '../types.ts'
import { comment, user } from './schema.ts'

/** The comments of pull requests on GitHub; `login` is our name where it is that of an App, which cannot ask for it as a user. */
export function createComments(
  http: ForgeHttp,
  root: string,
  login: (() => Promise<string>) | undefined,
): Pick<Forge, 'comment' | 'amendComment'> {
  const ownName = login ?? askedOnce(async () => readAs(user, (await http.send('GET', '/user')).json, 'user').login)

  const pathOf = (number: number) => `${root}/issues/${number}/comments`
  return commenting({
    async find(number, marker) {
      const name = await ownName()
      const all = await http.all(pathOf(number), {}, (json) => readAs(z.array(comment), json, 'list of comments'))
      // Somebody who copies the marker gets no say over what we edit.
      const ours = all.find((one) => one.user?.login === name && one.body?.includes(marker))
      return ours && { id: ours.id, body: ours.body ?? '' }
    },
    async write(number, body, ours) {
      if (ours) await http.send('PATCH', `${root}/issues/comments/${ours.id}`, { body: { body } })
      else await http.send('POST', pathOf(number), { body: { body } })
    },
  })
}
