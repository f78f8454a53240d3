import { branchOf, type EventReader, numberIn, refIn } from '../event.ts'

/** Webhooks of Gitea and Forgejo, which also say that they are of GitHub. */
export const giteaEvents: EventReader = ({ headers, body }) => {
  const name = headers['x-gitea-event'] ?? headers['x-forgejo-event']
  if (name === undefined) return undefined
  const branch = name === 'push' ? branchOf(refIn(body)) : undefined
  if (branch !== undefined) return { type: 'push', branch }
  const number = name.startsWith('pull_request') ? numberIn(body, ['number']) : undefined
  return number === undefined ? { type: 'other' } : { type: 'pull-request', number }
}
