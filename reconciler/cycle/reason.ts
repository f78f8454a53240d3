import type { Reason } from '../git/generated.ts'
import type { Pulled } from './pull.ts'

/** Clusters whose loss the decisions of a tree reckon with. */
export type Lost = ReadonlySet<string>

/** Why a commit is made, and how to say it. */
export interface Why {
  readonly reason: Exclude<Reason, 'recovery'>
  readonly subject: string
  readonly why: string
}

/** What the reason of a commit is read from. */
export interface Change {
  readonly pulled: Pick<Pulled, 'provenance' | 'source' | 'handMade'>
  /** First line of the source commit. */
  readonly sourceSubject: string
  readonly renderer: string
  readonly lostBefore: Lost
  readonly lostNow: Lost
  /** The source commit that was rendered last and changed nothing: what changes now does not come from it. */
  readonly renderedBefore: string | undefined
  /** What changes about rollouts, a line each. */
  readonly steps: readonly string[]
}

/** Tells why the tree changes: the source, another renderer, clusters that were lost or came back, or other facts. */
export function whyChanged(change: Change): Why {
  const { pulled, sourceSubject, renderer, lostBefore, lostNow, renderedBefore, steps } = change
  const { provenance, source, handMade } = pulled
  const short = source.slice(0, 7)
  // What was put together from what runs was rendered from no source.
  const isRecovered = provenance?.reason === 'recovery' && renderedBefore !== source
  if (!provenance || isRecovered || (provenance.sourceCommit !== source && renderedBefore !== source)) {
    return { reason: 'source', subject: sourceSubject, why: withSteps(`Rendered from ${short}.`, steps) }
  }
  const [step, ...more] = steps
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
  if (step !== undefined) {
    return { reason: 'rollout-step', subject: step, why: withSteps('What was seen in the clusters allows it.', more) }
  }
  if (handMade.length > 0) {
    const what = handMade.length === 1 ? 'a commit' : `${handMade.length} commits`
    return { reason: 'source', subject: `Undo ${what} made by hand`, why: `Rendered from ${short}.` }
  }
  return { reason: 'schedule', subject: 'Divide replicas anew', why: 'What runs in the clusters has changed.' }
}

function withSteps(why: string, steps: readonly string[]): string {
  return [why, ...steps.map((step) => `${step}.`)].join(' ')
}
