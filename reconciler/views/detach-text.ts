import type { DetachReport, LetGo } from '../detach/types.ts'
import { type Screen, type View, viewOf } from './screen.ts'
import { layoutTable } from './table.ts'
import { tame } from './tame.ts'
import { count } from './text.ts'

/** What `flotilla detach` says: what stays and why first of all; each released object only where it is `wide`. */
export function detachView(raw: DetachReport, { wide }: { readonly wide: boolean }, screen: Screen): View {
  const report = tame(raw)
  const shown = report.objects.filter(({ outcome }) => wide || outcome === 'left' || outcome === 'failed')
  const rows = [
    ...shown.map(({ subject, outcome, message }) => [wordOf(outcome), subject, message]),
    ...report.removed.map((subject) => ['removed', subject, '']),
    ...report.left.map(({ subject, why }) => ['left', subject, why]),
    ...report.unread.map((what) => ['unread', what, '']),
  ]
  const lines = rows.length === 0 ? [] : layoutTable(['ACTION', 'OBJECT', 'MESSAGE'], rows, screen)
  return viewOf(lines, detachClosing(report), screen)
}

function wordOf(outcome: LetGo['outcome']): string {
  return outcome === 'gone' ? 'not there' : outcome
}

/** The last sentence: what was done, what would be, or what to do. */
export function detachClosing(raw: DetachReport): string {
  const { cluster, fleet, objects, removed, dryRun, problem } = tame(raw)
  const released = objects.filter(({ outcome }) => outcome === 'released').length
  const failed = objects.filter(({ outcome }) => outcome === 'failed').length
  if (problem !== '')
    return `${cluster} is not detached: ${problem}. ${count(released, 'object')} released, ${failed} failed.`
  if (objects.length === 0 && removed.length === 0) return `Nothing of the fleet ${fleet} is in ${cluster}.`
  const own = `${count(removed.length, 'object')} of Flotilla's own`
  if (dryRun) return `Would release ${count(released, 'object')} of ${cluster} and remove ${own}. Nothing was written.`
  return `${cluster} is detached: ${count(released, 'object')} released, which run on; ${own} removed.`
}

/** Exit code of `detach`: 0 when nothing of the fleet is left, 1 when something is. */
export function detachExit({ problem }: DetachReport): 0 | 1 {
  return problem === '' ? 0 : 1
}
