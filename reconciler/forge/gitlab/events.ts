import { branchOf, type EventReader, numberIn, refIn } from '../event.ts'

/** Webhooks of GitLab. */
export const gitlabEvents: EventReader = ({ headers, body }) => {
  const name = headers['x-gitlab-event']
  if (name === undefined) return undefined
  const branch = name === 'Push Hook' ? branchOf(refIn(body)) : undefined
  if (branch !== undefined) return { type: 'push', branch }
  const number = name === 'Merge Request Hook' ? numberIn(body, ['object_attributes', 'iid']) : undefined
  return number === undefined ? { type: 'other' } : { type: 'pull-request', number }
}
