import { z } from 'zod'
import { commenting } from '../commenting.ts'
import type { ForgeHttp } from '../http.ts'
import { askedOnce } from '../once.ts'
import { readAs } from '../read-as.ts'
import type { Forge } from '../types.ts'
import { withoutQuickActions } from './quick-actions.ts'
import { note, user } from './schema.ts'

/** The notes on merge requests on GitLab; `root` is the path of the project's API. */
export function createComments(http: ForgeHttp, root: string): Pick<Forge, 'comment' | 'amendComment'> {
  const ownName = askedOnce(async () => readAs(user, (await http.send('GET', '/user')).json, 'user').username)

  const pathOf = (number: number) => `${root}/merge_requests/${number}/notes`
  return commenting({
    async find(number, marker) {
      const name = await ownName()
      const all = await http.all(pathOf(number), { sort: 'asc', order_by: 'created_at' }, (json) =>
        readAs(z.array(note), json, 'list of notes'),
      )
      // Somebody who copies the marker gets no say over what we edit.
      return all.find((one) => one.author?.username === name && one.body.includes(marker))
    },
    async write(number, text, ours) {
      const body = withoutQuickActions(text)
      if (!ours) await http.send('POST', pathOf(number), { body: { body } })
      else if (ours.body.trim() !== body.trim())
        await http.send('PUT', `${pathOf(number)}/${ours.id}`, { body: { body } })
    },
  })
}
