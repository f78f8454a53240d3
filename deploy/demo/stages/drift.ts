import { driftSentence } from '../../../reconciler/views/drift-text.ts'
import { getIn, isJsonArray, type JsonObject } from '../../../repo-layout/json.ts'
import { deploymentPath } from '../kubectl.ts'
import { type Stage, StageError } from '../stage.ts'

const cluster = 'us-1'
const deployment = 'test-ns/test-deployment'
const byHand = 7

/** Somebody scales a Deployment behind Git's back. */
export const drift: Stage = {
  name: 'Drift',
  will: 'somebody scales by hand; it is put back, and we learn who it was',
  command: `kubectl --context ${cluster} -n test-ns scale deploy/test-deployment --replicas ${byHand}`,
  async run(world) {
    const taken = await world.kubectl.scale(cluster, deployment, byHand)
    if (taken !== byHand) throw new StageError(`expected ${cluster} to take ${byHand} replicas\n     saw ${taken}`)
    await world.expect(
      `spec.replicas 3 in ${cluster}, held by flotilla`,
      () => world.kubectl.get(cluster, deploymentPath(deployment)),
      (object) => getIn(object, ['spec', 'replicas']) === 3 && holdsReplicas(object, 'flotilla'),
      (object) => `spec.replicas ${getIn(object, ['spec', 'replicas'])}, held by ${managers(object).join(', ')}`,
    )
    const told = await world.expect(
      'a healed drift of spec.replicas, set by kubectl, in the status of the daemon',
      () => world.daemon.client.status({ clusters: [cluster] }),
      (status) => driftIn(status)?.healedAt !== undefined,
      (status) => JSON.stringify(driftIn(status) ?? 'no drift'),
    )
    const found = driftIn(told)
    const seen = await world.expectRunning({ [deployment]: { [cluster]: 3 } })
    return { came: [seen, `the daemon says: ${found ? driftSentence(found, Date.parse(told.at)) : ''}`] }
  },
}

type Status = Awaited<ReturnType<Parameters<Stage['run']>[0]['daemon']['client']['status']>>

function driftIn(status: Status) {
  const drifts = status.clusters.flatMap(({ objects }) => objects.flatMap((object) => object.drift ?? []))
  return drifts.find(({ fields }) =>
    fields.some(
      ({ path, live, manager }) => path === '/spec/replicas' && live === byHand && /^kubectl\b/.test(manager),
    ),
  )
}

function holdsReplicas(object: JsonObject, manager: string): boolean {
  return managers(object).includes(manager)
}

/** The field managers that hold `spec.replicas`. */
function managers(object: JsonObject): readonly string[] {
  const entries = getIn(object, ['metadata', 'managedFields'])
  return (isJsonArray(entries) ? entries : [])
    .filter((entry) => getIn(entry, ['fieldsV1', 'f:spec', 'f:replicas']) !== undefined)
    .map((entry) => String(getIn(entry, ['manager'])))
}
