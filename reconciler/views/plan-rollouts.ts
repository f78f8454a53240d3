import type { Course, StepName } from '../../render/shipper/course.ts'
import type { CourseMove } from '../../render/shipper/course-moves.ts'
import type { SharedChange, Takeover } from '../../render/shipper/takeovers.ts'
import { podWords } from './pod-words.ts'

/** One shared object that changes, or stays, in words. */
export interface SharedLine {
  readonly subject: string
  readonly clusters: readonly string[]
  /** Paths of what differs; empty where the object stays. */
  readonly fields: string
  /** What pods have to do with it; empty where no manifest says that any do. */
  readonly pods: string
}

/** Where an application goes, in words. */
export interface CourseText {
  readonly application: string
  readonly clusters: readonly string[]
  readonly title: string
  /** In their order. */
  readonly moves: readonly string[]
  readonly takeovers: readonly { readonly title: string; readonly lines: readonly SharedLine[] }[]
  readonly end: string
}

const mostFields = 6

/** Tells a course: what is told of all its clusters names none. */
export function courseText(course: Course): CourseText {
  return {
    application: course.application,
    clusters: course.clusters,
    title: `${titleOf(course)}.`,
    moves: course.moves.map((move) => moveLine(move, course.clusters)),
    takeovers: course.takeovers.map((takeover) => ({
      title: takeoverTitle(takeover, course),
      lines: [
        ...takeover.changes.map((change) => ({ ...lineOf(change), pods: podWords(change.usedBy) })),
        ...takeover.stays.map((stays) => ({
          ...lineOf(stays),
          pods: `${staysText(takeover, course)}; ${podWords(stays.usedBy)}`,
        })),
      ],
    })),
    end: endOf(course),
  }
}

/** What becomes of an application, for the closing sentence. */
export function courseClosing({ change, application, release, to }: Course): string {
  const words: Readonly<Record<Course['change'], string>> = {
    begins: `${application} begins ${release}.`,
    moves: `${application} goes to ${stepText(to)}.`,
    goesOn: `${application} goes on with ${release}.`,
    givenUp: `${application} gives ${release} up.`,
  }
  return words[change]
}

function titleOf({ change, release, incumbent, from, to }: Course): string {
  const [at, goal] = [from && stepText(from), stepText(to)]
  const after = incumbent === undefined ? '' : ` after ${incumbent}`
  if (change === 'begins') return `${release} begins${after}: it is installed without pods, then goes to ${goal}`
  if (change === 'givenUp')
    return `${release} is given up${incumbent === undefined ? '' : `: ${incumbent} has everything back first`}`
  const way = at === undefined ? `to ${goal}` : at === goal ? `back to ${goal}` : `from ${at} to ${goal}`
  return `${release} goes ${change === 'goesOn' ? `on ${way}` : way}`
}

function stepText({ index, name }: StepName): string {
  return `step ${index} (${name})`
}

function moveLine({ type, release, from, to, clusters, moves }: CourseMove, all: readonly string[]): string {
  const unit = type === 'capacity' ? ' %' : ''
  const where = clusters.length === all.length ? '' : ` in ${clusters.join(', ')}`
  return `${type} of ${release} ${from}${unit} → ${to}${unit}${moves > 1 ? `, in ${moves} moves` : ''}${where}`
}

function takeoverTitle({ from, to, when, step }: Takeover, course: Course): string {
  const known = [course.to, course.next].find((one) => one?.index === step)
  const at = known ? stepText(known) : `step ${step}`
  if (when === 'traffic')
    return `With the first traffic of ${to}, at ${at}, shared objects get its content, also under pods that run:`
  if (when === 'complete')
    return `Once ${to} has achieved ${at}, shared objects get its content, also under pods that run:`
  return `Once ${from} has no traffic any more, shared objects get the content of ${to} back, also under pods that run:`
}

function lineOf({ subject, clusters, fields }: SharedChange): Omit<SharedLine, 'pods'> {
  const more = fields.length - mostFields
  const shown = [...fields.slice(0, mostFields), ...(more > 0 ? [`and ${more} more`] : [])]
  return { subject, clusters, fields: shown.join(', ') }
}

function staysText({ to }: Takeover, { kept }: Course): string {
  return `${to} has it no more: it stays as it is until the last release that has it is deleted (revisionHistoryLimit ${kept})`
}

function endOf({ afterwards, application, release, incumbent, change, next }: Course): string {
  const step = next ? stepText(next) : ''
  switch (afterwards) {
    case 'command':
      return `Then it waits for the command to go to ${step}: flotilla promote ${application}`
    case 'automatic':
      return `Then it goes on to ${step} by itself.`
    case 'release':
      return 'Then a release of the changed template begins.'
    case 'end':
      return change === 'givenUp' ? `Then ${incumbent ?? 'nothing'} runs alone.` : `Then ${release} is rolled out.`
  }
}
