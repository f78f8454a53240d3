import { commitLines, expectGenerated } from '../generated.ts'
import { type Stage, StageError } from '../stage.ts'

const deployment = 'test-ns/test-deployment'

/** A cluster is lost, and its share of the replicas moves. */
export const lost: Stage = {
  name: 'Failover',
  will: 'eu-2 is cut off; after 2s its share of the replicas moves',
  command: 'flotilla status --watch',
  async run(world) {
    await world.setReachable('eu-2', false)
    const seen = await world.expectRunning({ [deployment]: { 'eu-1': 4, 'us-1': 5 } })
    const commit = await expectGenerated(world, 'Reason: failover', ({ reason }) => reason === 'failover')
    const kept = (await world.inside('eu-2')).get(deployment)
    if (kept?.wanted !== 3 || kept.ready !== 3) {
      throw new StageError(
        `expected eu-2 to run on with 3/3\n     saw ${kept ? `${kept.ready}/${kept.wanted}` : 'none'}`,
      )
    }
    return {
      shown: commitLines(commit),
      came: [
        `${seen}: 9 where they can be reached`,
        'eu-2, looked at from inside, still runs its 3: what is lost is left alone',
      ],
    }
  },
}
