import type { Stage } from './stage.ts'
import type { Teller } from './teller.ts'
import type { StageWorld } from './world.ts'

/** Where a tour waits. */
export interface Pauses {
  /** Until the narrator has told what came so far. */
  narrated(): Promise<void>
  /** As long as a person reads, before a stage acts or after it. */
  read(when: 'before' | 'after'): Promise<void>
}

/** A tour under way. */
export interface Tour {
  readonly stages: readonly Stage[]
  readonly world: StageWorld
  readonly teller: Teller
  readonly pauses: Pauses
  /** What the daemon said last, for a stage that fails. */
  lastWords(): string
  readonly signal: AbortSignal
}

/**
 * Walks through the stages, the first of which was announced already. True where all came about; at the first that did not, it
 * says what was expected and seen, and goes no further. Rejects only when the signal was aborted.
 */
export async function walk({ stages, world, teller, pauses, lastWords, signal }: Tour): Promise<boolean> {
  for (const [index, stage] of stages.entries()) {
    try {
      if (index > 0) {
        teller.begin(stage, index + 1, stages.length)
        await pauses.read('before')
        teller.act()
      }
      const { shown = [], came } = await stage.run(world)
      await pauses.narrated()
      teller.lines(shown)
      teller.came(came)
      await pauses.read('after')
    } catch (error) {
      if (signal.aborted) throw error
      const message = error instanceof Error ? error.message : String(error)
      teller.failed(stage, `${message}\nThe daemon said last:\n${lastWords()}`)
      return false
    }
  }
  return true
}
