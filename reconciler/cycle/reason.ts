import type { Reason } from '../git/generated.ts'
import type { Pulled } from './pull.ts'

/** Clusters whose loss the decisions of a tree reckon with. */
export type Lost = ReadonlySet<string>

/** Why a commit is made, and how to say it. */
export interface Why {
  readonly reason: Reason
  readonly subject: string
  readonly why: string
}

/** Tells why the tree changes: the source, another renderer, clusters that were lost or came back, or other facts. */
export function whyChanged(
  { provenance, source }: Pick<Pulled, 'provenance' | 'source'>,
  sourceSubject: string,
  renderer: string,
  lostBefore: Lost,
  lostNow: Lost,
): Why {
  const short = source.slice(0, 7)
  if (!provenance || provenance.sourceCommit !== source) {
    return { reason: 'source', subject: sourceSubject, why: `Rendered from ${short}.` }
  }
  const gone = [...lostNow].filter((name) => !lostBefore.has(name))
  const back = [...lostBefore].filter((name) => !lostNow.has(name))
  if (gone.length > 0) {
    const names = gone.join(', ')
    return {
      reason: 'failover',
      subject: `Move replicas away from ${names}`,
      why: `${names} cannot be reached; what runs there stays as it is.`,
    }
  }
  if (back.length > 0) {
    const names = back.join(', ')
    return { reason: 'failback', subject: `Move replicas back to ${names}`, why: `${names} can be reached again.` }
  }
  if (provenance.renderer !== renderer) {
    return {
      reason: 'renderer',
      subject: `Render with ${renderer}`,
      why: `The commit before was rendered by ${provenance.renderer}.`,
    }
  }
  return { reason: 'schedule', subject: 'Divide replicas anew', why: 'What runs in the clusters has changed.' }
}
