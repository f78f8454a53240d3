import { z } from 'zod'
import type { ForgeHttp } from '../http.ts'
import { askedOnce } from '../once.ts'
import { readAs } from '../read-as.ts'
import type { Forge } from '../types.ts'
import { comment, user } from './schema.ts'

/** The comments of pull requests on Gitea; `root` is the path of the repository's API. */
export function createComments(http: ForgeHttp, root: string): Pick<Forge, 'comment'> {
  const ownName = askedOnce(async () => {
    const { json } = await http.send('GET', '/user')
    return readAs(user, json, 'user').login
  })

  return {
    async comment(number, marker, text) {
      const name = await ownName()
      const { json } = await http.send('GET', `${root}/issues/${number}/comments`)
      const all = readAs(z.array(comment), json, 'list of comments')
      // Somebody who copies the marker gets no say over what we edit.
      const ours = all.find(({ body, user: author }) => author?.login === name && body.includes(marker))
      const body = `${marker}\n${text}`
      if (!ours) await http.send('POST', `${root}/issues/${number}/comments`, { body: { body } })
      else if (ours.body !== body) await http.send('PATCH', `${root}/issues/comments/${ours.id}`, { body: { body } })
    },
  }
}
