import fc from 'fast-check'
import type { ControlPlane } from '../testbed/control-plane.ts'
import { startSandboxPlane } from '../testbed/sandbox-plane.ts'
import { createModel } from './model.ts'
import { clusterNames, sequences } from './steps.ts'
import { withWorld } from './world.ts'

/** `FLOTILLA_RUNS` has more sequences played, `FLOTILLA_SEED` the same ones again. */
const numRuns = Number(process.env.FLOTILLA_RUNS ?? 5)
const seed = process.env.FLOTILLA_SEED === undefined ? {} : { seed: Number(process.env.FLOTILLA_SEED) }

describe('a fleet to which anything happens, in any order', function () {
  this.timeout(60_000 + numRuns * 60_000)
  let planes: readonly ControlPlane[] = []
  before(async () => {
    planes = await Promise.all(clusterNames.map((name) => startSandboxPlane(`any-${name}`, false)))
  })
  after(() => Promise.all(planes.map((plane) => plane.stop())))

  it('deletes only what its inventory held, touches nothing of others, and comes to the tip once the faults end', () =>
    fc.assert(
      fc.asyncProperty(sequences, fc.nat(), (steps, dice) =>
        // Polls come so often that steps meet them at every point.
        withWorld({ planes, random: randomOf(dice), pollMs: 100 }, async (world) => {
          const model = createModel(world)
          await model.play({ type: 'start' })
          for (const step of steps) {
            await model.play(step)
            await model.check()
          }
          await model.converge()
          await model.check()
        }),
      ),
      // Time plays a part, so a shorter sequence says less than the one that failed.
      { numRuns, endOnFailure: true, ...seed },
    ))
})

/** Numbers from 0 up to 1 that follow from a seed (mulberry32). */
function randomOf(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
