import { z } from 'zod'
import { commenting } from '../commenting.ts'
import type { ForgeHttp } from '../http.ts'
import { askedOnce } from '../once.ts'
import { readAs } from '../read-as.ts'
import type { Forge } from '../types.ts'
import { comment, user } from './schema.ts'

/** The comments of pull requests on Gitea; `root` is the path of the repository's API. */
export function createComments(http: ForgeHttp, root: string): Pick<Forge, 'comment' | 'amendComment'> {
  const ownName = askedOnce(async () => {
    const { json } = await http.send('GET', '/user')
    return readAs(user, json, 'user').login
  })

  return commenting({
    async find(number, marker) {
      const name = await ownName()
      const { json } = await http.send('GET', `${root}/issues/${number}/comments`)
      const all = readAs(z.array(comment), json, 'list of comments')
      // Somebody who copies the marker gets no say over what we edit.
      return all.find(({ body, user: author }) => author?.login === name && body.includes(marker))
    },
    async write(number, body, ours) {
      if (ours) await http.send('PATCH', `${root}/issues/comments/${ours.id}`, { body: { body } })
      else await http.send('POST', `${root}/issues/${number}/comments`, { body: { body } })
    },
  })
}
