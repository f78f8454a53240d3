import type { Subject } from '../../repo-layout/subject.ts'
import { didYouMean } from '../../repo-layout/suggest.ts'
import type { Overwritten } from '../member/history.ts'
import { masked } from '../member/mask.ts'
import type { Drift, FieldDrift } from '../member/types.ts'

/** A field that somebody set by hand, with where it is known from. */
export interface HandMade extends FieldDrift {
  /** Whether it stands there now, or was written over since. */
  readonly from: 'live' | 'history'
  /** ISO time at which it was first seen, or written over. */
  readonly at: string
}

/** What is to be taken into Git, or why there is nothing, or nothing that can be. */
export type Taken =
  | { readonly type: 'taken'; readonly fields: readonly HandMade[]; readonly notes: readonly string[] }
  | { readonly type: 'nothing'; readonly why: string }
  | { readonly type: 'refused'; readonly why: readonly string[] }

/** What is known of an object that differs, or differed, from Git. */
export interface Known {
  readonly subject: Subject
  readonly cluster: string
  /** How it differs now; undefined where it does not. */
  readonly drift: Drift | undefined
  /** What was written over in it, newest first. */
  readonly history: readonly Overwritten[]
  /** Fields that others added beside ours. */
  readonly extras: readonly string[]
}

/** Which fields are meant; all of the newest change where none is named. */
export interface Choice {
  readonly fields: readonly string[]
  /** Only what was written over, whatever differs now. */
  readonly history: boolean
}

/**
 * Chooses what is taken into Git: what differs now, else what was written over last; a field that is named, from wherever it
 * is known newest. All or nothing: a field that cannot be taken refuses the others too, until they are named. Pure.
 */
export function take(known: Known, choice: Choice): Taken {
  const live = choice.history || !known.drift ? [] : known.drift.fields.map(liveFrom(known.drift.since))
  const entries = known.history.map(({ at, fields }) => fields.map(historyFrom(at)))
  const last = choice.history || !known.drift ? known.history[0] : known.drift
  const all = [live, ...entries].flat().filter(({ path }) => !isOurs(path))
  if (choice.fields.length > 0) return taken(known, named(choice.fields, all), [])
  const newest = [live, ...entries].find((fields) => fields.some(({ path }) => !isOurs(path)))
  if (last?.reason === 'deleted') return { type: 'refused', why: [deletedText(known)] }
  if (!newest) return { type: 'nothing', why: nothingText(known, choice) }
  const fields = newest.filter(({ path }) => !isOurs(path))
  const paths = new Set(fields.map(({ path }) => path))
  const others = [...new Set(all.map(({ path }) => path))].filter((path) => !paths.has(path))
  const left = newest.filter(({ path }) => isOurs(path)).map(({ path }) => path)
  const notes = [
    ...(left.length > 0 ? [`left out, since it is Flotilla's own: ${left.join(', ')}`] : []),
    ...(others.length > 0
      ? [`changed by hand before, and not taken: ${others.join(', ')}; --field PATH takes it`]
      : []),
  ]
  return taken(known, { fields, unknown: [] }, notes)
}

interface Named {
  readonly fields: readonly HandMade[]
  readonly unknown: readonly string[]
}

function named(paths: readonly string[], all: readonly HandMade[]): Named {
  const found = [...new Set(paths)].map((path) => ({ path, field: all.find((one) => one.path === path) }))
  const known = [...new Set(all.map(({ path }) => path))]
  return {
    fields: found.flatMap(({ field }) => field ?? []),
    unknown: found.flatMap(({ path, field }) =>
      field
        ? []
        : [
            isOurs(path)
              ? ownText(path)
              : `nobody changed ${path} by hand, as far as is known${didYouMean(path, known)}`,
          ],
    ),
  }
}

function taken(known: Known, { fields, unknown }: Named, notes: readonly string[]): Taken {
  const problems = fields.flatMap((field) => {
    const problem = problemOf(field, known)
    return problem === undefined ? [] : [{ field, problem }]
  })
  if (problems.length === 0 && unknown.length === 0) return { type: 'taken', fields, notes }
  const bad = new Set(problems.map(({ field }) => field))
  const good = fields.filter((field) => !bad.has(field)).map(({ path }) => `--field '${path}'`)
  const rest = good.length > 0 && unknown.length === 0 ? [`to take the rest alone: ${good.join(' ')}`] : []
  return { type: 'refused', why: [...unknown, ...problems.map(({ problem }) => problem), ...rest] }
}

/** Why a field cannot be taken as it is known, with what to do instead. */
function problemOf({ path, live, manager, from }: HandMade, { subject, cluster }: Known): string | undefined {
  if (/^\/status(\/|$)/.test(path)) return `${path} is status, which is reported and not wished for; Git cannot say it`
  if (live === masked && subject.startsWith('Secret/'))
    return `${path} is a value of a Secret, and those are never shown or kept; write it into the source by hand, encrypted`
  if (manager === 'unknown (reordered)')
    return `${path} has its items in another order, and an override cannot say that; put them in order in the template`
  if (from === 'history' && isCut(live))
    return `${path} was too long to be kept whole when it was written over; set it again in the cluster while it is paused (flotilla pause ${subject} -c ${cluster}), and capture it then`
  return undefined
}

/** As the history of a member cuts what is too long. */
function isCut(value: FieldDrift['live']): boolean {
  return typeof value === 'string' && /… \(cut, \d+ signs\)$/.test(value)
}

/** Labels and annotations that steer Flotilla, or mark what is its own. */
function isOurs(path: string): boolean {
  return /^\/metadata\/(labels|annotations)\/flotilla\.dev\//.test(path)
}

function ownText(path: string): string {
  return `${path} is Flotilla's own; what steers Flotilla is written in Git by hand`
}

function deletedText({ subject, cluster }: Known): string {
  return `${subject} was deleted in ${cluster}, and an override cannot say that; to keep it away, take ${cluster} out of its placement`
}

function nothingText({ subject, cluster, extras, drift }: Known, { history }: Choice): string {
  const added =
    extras.length > 0 ? `; what others added beside stays, and is in nobody's way: ${extras.join(', ')}` : ''
  if (drift && !history) return `nothing but what is Flotilla's own differs in ${subject} in ${cluster}${added}`
  return `${history ? '' : `${subject} in ${cluster} is as Git says, and `}nothing that was written over${history ? ` in ${subject} in ${cluster}` : ''} is known${added}`
}

function liveFrom(at: string) {
  return (field: FieldDrift): HandMade => ({ ...field, from: 'live', at })
}

function historyFrom(at: string) {
  return (field: FieldDrift): HandMade => ({ ...field, from: 'history', at })
}
