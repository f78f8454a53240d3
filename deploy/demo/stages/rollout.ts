import type { RolloutStatus } from '../../../reconciler/server/types.ts'
import { rolloutView } from '../../../reconciler/views/rollout.ts'
import { plainScreen } from '../../../reconciler/views/screen.ts'
import { applicationText, clusterFile, joining } from '../fleet-files.ts'
import type { Stage } from '../stage.ts'
import type { StageWorld } from '../world.ts'

/** Where the Application lies in the fleet repository. */
const applicationFile = 'applications/super-server.yaml'

/** A cluster joins, and the first release of an Application goes to its first step. */
export const rollout: Stage = {
  name: 'Rollout',
  will: "Shipper's Application begins in a cluster that joins: 1 pod, no traffic",
  command: 'git add clusters applications && git commit --message "Roll out super-server" && git push',
  async run(world) {
    const files = new Map([clusterFile(joining, world.kubeconfig), [applicationFile, await applicationText()]])
    await world.person.commit(files, 'Roll out super-server')
    const status = await expectRollout(
      world,
      'waits for a command',
      (one) => one.waitsFor === 'command' && isSettled(one),
    )
    const seen = await expectServing(world, status, { pods: 1, endpoints: 0 })
    return { shown: rolloutLines(status), came: [seen, 'it waits for the command: nobody is served by it yet'] }
  },
}

/** Waits until the daemon says of the only application that it is so; gives its status. Rejects with a StageError. */
export async function expectRollout(
  world: StageWorld,
  what: string,
  fine: (status: RolloutStatus) => boolean,
): Promise<RolloutStatus> {
  const seen = await world.expect(
    `a rollout that ${what}`,
    async () => (await world.daemon.client.status({})).rollouts?.[0],
    (status) => status !== undefined && fine(status),
    (status) => (status ? `one that waits for ${status.waitsFor} at step ${status.targetStep}` : 'none'),
  )
  if (!seen) throw new Error('a rollout that is fine is there')
  return seen
}

/** Whether what the release wants is seen in every cluster. */
export function isSettled({ clusters }: RolloutStatus): boolean {
  return clusters.every(
    ({ contender }) => contender?.installed === true && contender.availableReplicas === contender.replicas,
  )
}

/** Reads pods and ready endpoints of a release from its cluster until they are as expected; gives that in words. */
export async function expectServing(
  world: StageWorld,
  { release }: RolloutStatus,
  { pods, endpoints }: { readonly pods: number; readonly endpoints: number },
): Promise<string> {
  const running = await world.expectRunning({ [`default/${release}-nginx`]: { [joining.name]: pods } })
  await world.expect(
    `${endpoints} ready endpoints of Service default/nginx in ${joining.name}`,
    () => world.kubectl.endpoints(joining.name, 'default/nginx'),
    (found) => found === endpoints,
    (found) => `${found}`,
  )
  return `${running}; Service default/nginx: ${endpoints} ready endpoints`
}

/** How far an application is, as `flotilla rollout` shows it. */
export function rolloutLines(status: RolloutStatus): readonly string[] {
  const { body, closing } = rolloutView(status, plainScreen())
  const lines = `${body}${closing}`.split('\n').filter((line) => line.trim() !== '')
  return ['$ flotilla rollout super-server', ...lines.map((line) => `  ${line}`)]
}
