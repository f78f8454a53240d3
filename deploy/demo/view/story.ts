import type { Style } from '../../../reconciler/commands/terminal.ts'
import { parseProvenance } from '../../../reconciler/git/generated.ts'
import type { Drift, ObjectStatus } from '../../../reconciler/member/types.ts'
import type { ClusterStatus, FleetStatus } from '../../../reconciler/server/types.ts'
import { clusterMessage } from '../../../reconciler/views/cluster-message.ts'
import { showValue } from '../../../reconciler/views/drift-text.ts'
import { count, oneLine, shortCommit } from '../../../reconciler/views/text.ts'

/** One thing that happened: a word of the cycle, and what it is about. */
export interface StoryLine {
  readonly word: 'pulled' | 'rendered' | 'committed' | 'applied' | 'synced' | 'drifted' | 'healed' | 'lost' | 'problem'
  readonly style: Style
  readonly text: string
}

/** The messages of the commits that a status names, as Git holds them; undefined where they could not be read. */
export interface Messages {
  readonly source: string | undefined
  readonly generated: string | undefined
}

/** What happened between two statuses of the daemon, in the order of the cycle. Pure. */
export function storyOf(before: FleetStatus | undefined, after: FleetStatus, messages: Messages): readonly StoryLine[] {
  const { source, generated } = after
  const lines: StoryLine[] = []
  if (source.commit !== undefined && source.commit !== before?.source.commit) {
    const text = `${source.branch} ${shortCommit(source.commit)}  ${subjectOf(messages.source)}`
    lines.push({ word: 'pulled', style: 'blue', text })
  }
  if (generated.commit !== undefined && generated.commit !== before?.generated.commit) {
    lines.push({ word: 'rendered', style: 'blue', text: rendered(after) })
    const reason = parseProvenance(messages.generated ?? '')?.reason
    const why = reason === undefined ? '' : ` (${reason})`
    const text = `${generated.branch} ${shortCommit(generated.commit)}${why}  ${subjectOf(messages.generated)}`
    lines.push({ word: 'committed', style: 'blue', text })
  }
  for (const problem of [source.problem, generated.problem]) {
    const known = problem === before?.source.problem || problem === before?.generated.problem
    if (problem !== '' && !known) lines.push({ word: 'problem', style: 'red', text: oneLine(problem) })
  }
  for (const cluster of after.clusters) {
    const was = before?.clusters.find((one) => one.cluster === cluster.cluster)
    lines.push(...clusterStory(was, cluster, Date.parse(after.at)))
  }
  return lines
}

function clusterStory(before: ClusterStatus | undefined, after: ClusterStatus, now: number): readonly StoryLine[] {
  const lines: StoryLine[] = []
  const name = after.cluster
  const say = (word: StoryLine['word'], style: Style, text: string) =>
    lines.push({ word, style, text: `${name}  ${text}` })
  for (const object of after.objects) {
    const was = before?.objects.find(({ subject }) => subject === object.subject)
    const drift = newDrift(was, object)
    if (drift) say(drift.healedAt === undefined ? 'drifted' : 'healed', 'yellow', driftStory(drift))
  }
  if (after.appliedCommit !== undefined && after.appliedCommit !== before?.appliedCommit) {
    say('applied', 'green', `${shortCommit(after.appliedCommit)}, ${after.applied}/${count(after.total, 'object')}`)
  }
  if (after.sync !== before?.sync) {
    const message = clusterMessage(after, now)
    if (after.sync === 'unreachable' && before) say('lost', 'magenta', `unreachable: ${message}`)
    if (after.sync === 'degraded' || after.sync === 'unauthorized') say('problem', 'red', `${after.sync}: ${message}`)
    if (after.sync === 'synced') say('synced', 'green', 'every object is there and ready')
  }
  return lines
}

function newDrift(before: ObjectStatus | undefined, { drift }: ObjectStatus): Drift | undefined {
  if (!drift) return undefined
  return drift.healed === before?.drift?.healed && drift.since === before.drift.since ? undefined : drift
}

/** What somebody did behind Git's back; the object last, as it is what a narrow terminal cuts off. */
function driftStory({ subject, reason, fields }: Drift): string {
  const [field] = fields
  if (!field) return `${reason}: ${subject}`
  const values = `${oneLine(showValue(field.wanted))} → ${oneLine(showValue(field.live))}`
  return `${field.path} ${values} by ${oneLine(field.manager)}, ${subject}`
}

function rendered({ clusters, messages }: FleetStatus): string {
  const objects = clusters.reduce((sum, { total }) => sum + total, 0)
  const errors = messages.filter(({ severity }) => severity === 'error').length
  return `${count(objects, 'object')} for ${count(clusters.length, 'cluster')}, ${count(errors, 'error')}`
}

function subjectOf(message: string | undefined): string {
  const [subject = ''] = (message ?? '').split('\n')
  return oneLine(subject)
}
