import { z } from 'zod'
import type { ForgeHttp } from '../http.ts'
import { askedOnce } from '../once.ts'
import { readAs } from '../read-as.ts'
import type { Forge } from '../types.ts'
import { withoutQuickActions } from './quick-actions.ts'
import { note, user } from './schema.ts'

/** The notes on merge requests on GitLab; `root` is the path of the project's API. */
export function createComments(http: ForgeHttp, root: string): Pick<Forge, 'comment'> {
  const ownName = askedOnce(async () => readAs(user, (await http.send('GET', '/user')).json, 'user').username)

  return {
    async comment(number, marker, text) {
      const name = await ownName()
      const path = `${root}/merge_requests/${number}/notes`
      const all = await http.all(path, { sort: 'asc', order_by: 'created_at' }, (json) =>
        readAs(z.array(note), json, 'list of notes'),
      )
      // Somebody who copies the marker gets no say over what we edit.
      const ours = all.find((one) => one.author?.username === name && one.body.includes(marker))
      const body = withoutQuickActions(`${marker}\n${text}`)
      if (!ours) await http.send('POST', path, { body: { body } })
      else if (ours.body.trim() !== body.trim()) await http.send('PUT', `${path}/${ours.id}`, { body: { body } })
    },
  }
}
