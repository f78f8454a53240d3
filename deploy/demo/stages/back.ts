import { expectGenerated, reasonLine } from '../generated.ts'
import type { Stage } from '../stage.ts'

/** The cluster comes back, and so do its replicas. */
export const back: Stage = {
  name: 'Failback',
  will: 'eu-2 can be reached again; after 2s the replicas move back',
  command: 'flotilla status --watch',
  async run(world) {
    await world.setReachable('eu-2', true)
    const seen = await world.expectRunning({ 'test-ns/test-deployment': { 'eu-1': 3, 'eu-2': 3, 'us-1': 3 } })
    const commit = await expectGenerated(world, 'Reason: failback', ({ reason }) => reason === 'failback')
    return { came: [seen, reasonLine(commit)] }
  },
}
