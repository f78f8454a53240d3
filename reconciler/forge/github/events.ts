import { branchOf, type EventReader, numberIn, refIn } from '../event.ts'

/** Webhooks of GitHub. */
export const githubEvents: EventReader = ({ headers, body }) => {
  const name = headers['x-github-event']
  if (name === undefined) return undefined
  const branch = name === 'push' ? branchOf(refIn(body)) : undefined
  if (branch !== undefined) return { type: 'push', branch }
  const number = name.startsWith('pull_request') ? numberIn(body, ['pull_request', 'number']) : undefined
  return number === undefined ? { type: 'other' } : { type: 'pull-request', number }
}
