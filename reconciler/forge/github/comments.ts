import { z } from 'zod'
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
): Pick<Forge, 'comment'> {
  const ownName = login ?? askedOnce(async () => readAs(user, (await http.send('GET', '/user')).json, 'user').login)

  return {
    async comment(number, marker, text) {
      const name = await ownName()
      const path = `${root}/issues/${number}/comments`
      const all = await http.all(path, {}, (json) => readAs(z.array(comment), json, 'list of comments'))
      // Somebody who copies the marker gets no say over what we edit.
      const ours = all.find((one) => one.user?.login === name && one.body?.includes(marker))
      const body = `${marker}\n${text}`
      if (!ours) await http.send('POST', path, { body: { body } })
      else if (ours.body !== body) await http.send('PATCH', `${root}/issues/comments/${ours.id}`, { body: { body } })
    },
  }
}
