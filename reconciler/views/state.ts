import type { Style } from '../commands/terminal.ts'
import { isLeftOut } from '../member/left-out.ts'
import { leftThere, overBudget } from '../member/prune.ts'
import type { Drift, ObjectStatus, Sync } from '../member/types.ts'
import { pad } from './text.ts'

/** States with the worst first, as lists are sorted; `suspended` is somebody's wish and comes last but one. */
export const worstFirst: readonly Sync[] = [
  'unreachable',
  'unauthorized',
  'degraded',
  'drifted',
  'progressing',
  'suspended',
  'synced',
]

/** Each state has a sign, a word and a colour, so that no one of the three is needed to tell it. */
const looks: Readonly<Record<Sync, { readonly glyph: string; readonly ascii: string; readonly style: Style }>> = {
  synced: { glyph: '✔', ascii: 'ok', style: 'green' },
  progressing: { glyph: '◌', ascii: '..', style: 'blue' },
  drifted: { glyph: '≠', ascii: '!=', style: 'yellow' },
  degraded: { glyph: '✖', ascii: 'X', style: 'red' },
  unauthorized: { glyph: '?', ascii: '?', style: 'magenta' },
  unreachable: { glyph: '?', ascii: '?', style: 'magenta' },
  suspended: { glyph: '‖', ascii: '||', style: 'dim' },
}

/** The sign of a state; all of one alphabet are equally wide. */
export function glyph(sync: Sync, ascii: boolean): string {
  return ascii ? pad(looks[sync].ascii, 2) : looks[sync].glyph
}

/** The colour of a state. */
export function styleOf(sync: Sync): Style {
  return looks[sync].style
}

/** Orders by state, the worst first. */
export function compareSync(a: Sync, b: Sync): number {
  return worstFirst.indexOf(a) - worstFirst.indexOf(b)
}

/** The worst of some states; `synced` where there are none. */
export function worstOf(states: readonly Sync[]): Sync {
  return [...states].sort(compareSync)[0] ?? 'synced'
}

/** Whether an object differs now: never healed, or healed in vain. */
export function isDrifting(drift: Drift | undefined): drift is Drift {
  return drift !== undefined && (drift.healedAt === undefined || drift.fight)
}

/** Whether an object left Git and stays for good, as a Namespace does; one whose deletion waits for a person does not. */
function isLeft({ action, message }: Pick<ObjectStatus, 'action' | 'message'>): boolean {
  return action === 'skipped' && message.startsWith(leftThere) && message !== overBudget
}

/** The state of one object in a count: as its cluster's, but told apart by what holds it. */
export function countedState(object: ObjectStatus, state: Sync): string {
  if (state === 'suspended' && isLeftOut(object)) return 'left out'
  if (state === 'suspended') return object.pause ? 'paused' : isLeft(object) ? 'left in the cluster' : state
  return state === 'degraded' && object.message === overBudget ? 'held back' : state
}

/** The state of one object, in the words of its cluster's. */
export function objectState({ action, health, message, drift, pause }: ObjectStatus): Sync {
  if (action === 'skipped' && (message === 'suspended' || pause)) return 'suspended'
  if (isLeft({ action, message }) || isLeftOut({ action, message })) return 'suspended'
  // Nothing was tried yet, and so nothing is wrong yet.
  if (action === 'skipped' && message === '') return 'progressing'
  if (action === 'failed' || action === 'skipped' || health === 'Failed') return 'degraded'
  if (isDrifting(drift)) return 'drifted'
  return health === 'Current' ? 'synced' : 'progressing'
}
