import type { ObjectStatus } from '../member/types.ts'
import { driftSentence } from './drift-text.ts'
import { objectState, styleOf } from './state.ts'
import type { Cell } from './table.ts'
import { count, oneLine } from './text.ts'

/** What there is to say about one object in one line; empty where it is as it should be. */
export function objectMessage({ message, drift, extras }: ObjectStatus, now: number, wide: boolean): string {
  const others = wide ? `beside ours: ${extras.join(' ')}` : `${count(extras.length, 'field')} beside ours`
  return [oneLine(message), drift ? driftSentence(drift, now) : '', extras.length > 0 ? oneLine(others) : '']
    .filter((part) => part !== '')
    .join('; ')
}

/** The cells ACTION and HEALTH of an object. */
export function objectCells(object: ObjectStatus): readonly [action: Cell, health: Cell] {
  const style = styleOf(objectState(object))
  return [object.action, { text: object.health, style }]
}
