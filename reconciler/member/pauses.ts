import type { JsonObject } from '../../repo-layout/json.ts'
import { parseSubject, type Subject } from '../../repo-layout/subject.ts'
import type { Clock } from '../clock.ts'
import type { Companion } from './companion.ts'
import { InventoryLostError } from './inventory.ts'
import type { Item } from './items.ts'
import { formatPauses, inForce, type Pause, parsePauses, wholeCluster, withoutPause } from './pause.ts'

/** The pauses of one member, as they stand in its ConfigMap. */
export interface Pauses {
  /** Those in force now. */
  list(): readonly Pause[]
  /** The pause of one Subject alone, or of the whole cluster for `*`. */
  of(subject: Subject): Pause | undefined
  /**
   * Puts a pause in force in place of one of the same Subject, and writes it to the member; what has expired goes with it.
   * Throws an `ApiError` where that cannot be written, and then it is not in force.
   */
  begin(pause: Pause): Promise<void>
  /** Takes a pause back, in the member first; gives it, or undefined where there was none. Throws as `begin`. */
  end(subject: Subject): Promise<Pause | undefined>
  /** Takes note of a ConfigMap that was watched. Throws where it is that of the pauses and cannot be read. */
  saw(configMap: JsonObject): void
  /** Takes note of one that left the watch: who deletes that of the pauses ends them. */
  gone(configMap: JsonObject): void
  /** Calls back whenever other pauses are in force, also because one has expired. */
  onChange(listener: () => void): void
  /** Lets no more expire. */
  stop(): void
}

/** Makes the pauses of a session. Throws an `InventoryLostError` where what stands in the member cannot be read. */
export function createPauses(companion: Companion, clock: Clock): Pauses {
  let known = readable(companion.text())
  let listener: () => void = () => undefined
  let timer: { cancel(): void } | undefined
  let queue: Promise<unknown> = Promise.resolve()
  const list = () => inForce(known, clock.now())

  function wait(): void {
    timer?.cancel()
    const next = Math.min(...list().map(({ until }) => Date.parse(until)))
    timer = Number.isFinite(next) ? clock.after(next - clock.now(), changed) : undefined
  }

  function changed(): void {
    wait()
    listener()
  }

  function set(pauses: readonly Pause[]): void {
    if (formatPauses(pauses) === formatPauses(known)) return
    known = [...pauses]
    changed()
  }

  /** One after the other, so that each starts from what the one before has written. */
  function enqueue<T>(task: () => Promise<T>): Promise<T> {
    const done = queue.then(task)
    queue = done.catch(() => undefined)
    return done
  }

  wait()
  return {
    list,
    of: (subject) => list().find((pause) => pause.subject === subject),
    begin: (pause) =>
      enqueue(async () => {
        // In force before it is written: nothing may be written between the two.
        set([...withoutPause(known, pause.subject), pause])
        try {
          await companion.update((text) => {
            const others = withoutPause(inForce(readable(text), clock.now()), pause.subject)
            return formatPauses([...others, pause])
          })
        } finally {
          set(readable(companion.text()))
        }
      }),
    end: (subject) =>
      enqueue(async () => {
        const ended = list().find((pause) => pause.subject === subject)
        await companion.update((text) => formatPauses(withoutPause(inForce(readable(text), clock.now()), subject)))
        set(readable(companion.text()))
        return ended
      }),
    saw(configMap) {
      if (companion.saw(configMap)) set(readable(companion.text()))
    },
    gone(configMap) {
      if (companion.gone(configMap)) set([])
    },
    onChange(next) {
      listener = next
    },
    stop() {
      timer?.cancel()
      listener = () => undefined
    },
  }
}

/**
 * The pause that holds an item beside that of the whole cluster: its own or, of a Namespace that left Git, one of something that
 * would be deleted with it.
 */
export function pauseFor(pauses: Pauses, { subject, wanted }: Pick<Item, 'subject' | 'wanted'>): Pause | undefined {
  const { kind, name } = parseSubject(subject) ?? {}
  const inside = (pause: Pause) => parseSubject(pause.subject)?.namespace === name
  return pauses.of(subject) ?? (!wanted && kind === 'Namespace' ? pauses.list().find(inside) : undefined)
}

/** The pause of the whole cluster, where there is one. */
export function clusterPause(pauses: readonly Pause[]): Pause | undefined {
  return pauses.find(({ subject }) => subject === wholeCluster)
}

function readable(text: string): Pause[] {
  try {
    return parsePauses(text)
  } catch (error) {
    const what = 'the pauses in this cluster cannot be read, so nothing is written to it; mend or remove that ConfigMap'
    throw new InventoryLostError(what, false, { cause: error })
  }
}
