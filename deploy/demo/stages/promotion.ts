import type { Provenance } from '../../../reconciler/git/generated.ts'
import { expectGenerated, reasonLine } from '../generated.ts'
import type { Stage } from '../stage.ts'
import { expectRollout, expectServing, isSettled, rolloutLines } from './rollout.ts'

const file = 'applications/super-server.release.yaml'

/** A commit lets the release go to its last step. */
export const promotion: Stage = {
  name: 'Promotion',
  will: 'a commit lets it go on to its last step: 3 pods, all traffic',
  command: 'git commit --message "Let super-server go full on" && git push',
  async run(world) {
    const { release } = await expectRollout(world, 'has a release', () => true)
    const text = [
      'apiVersion: shipper.booking.com/v1alpha1',
      'kind: Release',
      `metadata: {name: ${release}}`,
      'spec: {targetStep: 1}',
      '',
    ].join('\n')
    world.tell([
      file,
      ...text
        .trim()
        .split('\n')
        .map((line) => `  +${line}`),
    ])
    const source = await world.person.commit(new Map([[file, text]]), 'Let super-server go full on')
    const status = await expectRollout(world, 'has achieved its last step', (one) => one.complete && isSettled(one))
    const seen = await expectServing(world, status, { pods: 3, endpoints: 3 })
    const isStep = ({ reason, sourceCommit }: Provenance) => reason === 'rollout-step' && sourceCommit === source
    const commit = await expectGenerated(world, `Reason: rollout-step and Source-Commit: ${source}`, isStep)
    return { shown: rolloutLines(status), came: [seen, reasonLine(commit)] }
  },
}
