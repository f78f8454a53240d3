import assert from 'node:assert/strict'
import { ApiError } from '../../../../reconciler/member/errors.ts'
import type { Transport } from '../../../../reconciler/member/transport.ts'
import type { Member } from '../../../../reconciler/member/types.ts'
import { notes } from '../../../../render/shipper/rollout.ts'
import { treeDigest } from '../../../../repo-layout/generated/oid.ts'
import { objectPathInCluster } from '../../../../repo-layout/generated/path.ts'
import type { JsonObject, KubeObject } from '../../../../repo-layout/json.ts'
import type { ControlPlane } from '../../../testbed/control-plane.ts'
import { controllerBinaries } from '../../../testbed/controllers.ts'
import { describeMembers } from '../../../testbed/members.ts'
import { sharedControlPlane } from '../../../testbed/shared.ts'
import {
  apply,
  configMap,
  desired,
  eventually,
  memberOf,
  namespace,
  settings,
  transportOf,
  unique,
} from '../support.ts'
import { release, service } from './support.ts'

/** The same way to a cluster, on which some requests are refused for as long as `refused` says so. */
function refusing(transport: Transport, refused: (method: string, path: string) => boolean): Transport {
  const check = (method: string, path: string) => {
    if (refused(method, path))
      throw new ApiError('pods is forbidden', { type: 'rejected', status: 403, reason: 'Forbidden', causes: [] })
  }
  return {
    ...transport,
    async request(method, path, options) {
      check(method, path)
      return transport.request(method, path, options)
    },
    async *stream(path, options) {
      check('GET', path)
      yield* transport.stream(path, options)
    },
  }
}

describeMembers('the facts on releases', ['etcd', 'kube-apiserver', ...controllerBinaries], function () {
  this.timeout(90_000)
  let plane: ControlPlane
  let ns: string
  let member: Member | undefined

  before(async () => {
    plane = await sharedControlPlane({ controllers: true })
  })
  beforeEach(() => {
    ns = unique('facts')
  })
  afterEach(async () => {
    await member?.stop()
    await plane.request('DELETE', `/api/v1/namespaces/${ns}`)
  })

  const run = async (one: Member, ...objects: readonly KubeObject[]) => {
    member = one
    const state = desired(namespace(ns), ...objects)
    await apply(one, state, settings())
    return state
  }
  const factsOf = (one: Member, name: string) => one.observe().releases?.[`${ns}/${name}`]

  it('say when all of it is applied in this form, by the digest of its application', async () => {
    const one = memberOf(plane)
    const objects = [release(ns, 'r0', 1), service(ns, { r0: 1 })]
    const state = await run(one, ...objects)
    const digest = treeDigest(
      objects.map((object) => {
        const [wanted] = [...state.objects.values()].filter((found) => found.object === object)
        return [objectPathInCluster(object), wanted?.oid ?? ''] as const
      }),
    )
    const isDone = () => factsOf(one, 'r0')?.availableReplicas === 1 && factsOf(one, 'r0')?.trafficReady
    await eventually(isDone, 'the pod and its traffic', 60_000)
    const facts = { installed: true, availableReplicas: 1, trafficReady: true, achievedWeight: 1, message: '' }
    assert.deepEqual(factsOf(one, 'r0'), facts)
    assert.deepEqual(one.observe().applied?.releases, { [`${ns}/r0`]: digest })
  })

  it('are left out where there is no application, and say nothing of traffic where no Service brings any', async () => {
    const one = memberOf(plane)
    await run(one, configMap(ns, 'plain', {}))
    assert.equal(one.observe().releases, undefined)
    assert.equal(one.observe().applied?.releases, undefined)
    await run(one, release(ns, 'r0', 1))
    const facts = await eventually(
      () => factsOf(one, 'r0')?.availableReplicas === 1 && factsOf(one, 'r0'),
      'the release',
      60_000,
    )
    assert.deepEqual(facts, { installed: true, availableReplicas: 1, message: '' })
  })

  it('count a pod as available to routes only once it is behind the Service that they lead to', async () => {
    const one = memberOf(plane)
    const production = service(ns, { r0: 1 })
    const own = (selector: JsonObject): KubeObject => ({
      ...production,
      metadata: {
        name: 'r0',
        namespace: ns,
        labels: { ...production.metadata.labels, 'shipper-lb': 'release' },
        annotations: { [notes.application]: `${ns}/web` },
      },
      spec: { ...(production.spec as JsonObject), selector },
    })
    member = one
    const set = settings()
    const objects = [namespace(ns), release(ns, 'r0', 1), production]
    await apply(one, desired(...objects, own({ app: 'elsewhere' })), set)
    const said = '1 pod waits to become an endpoint of Service r0'
    await eventually(() => factsOf(one, 'r0')?.message === said, 'the pod is ready, and not found', 60_000)
    assert.equal(factsOf(one, 'r0')?.availableReplicas, 0)
    await apply(one, desired(...objects, own({ 'shipper-release': 'r0' })), set)
    await eventually(() => factsOf(one, 'r0')?.availableReplicas === 1, 'the pod is found', 60_000)
    assert.equal(factsOf(one, 'r0')?.message, '')
  })

  it('say why an object is not applied, and that the release is not installed', async () => {
    const one = memberOf(plane)
    const { metadata } = release(ns, 'r0', 1)
    const broken = { ...configMap(ns, 'a', {}), metadata: { ...metadata, name: 'Not_A_Name' } }
    await run(one, release(ns, 'r0', 1), broken)
    const facts = await eventually(() => factsOf(one, 'r0'), 'the facts')
    assert.equal(facts.installed, false)
    assert.match(facts.message ?? '', /^ConfigMap\/.*\/Not_A_Name: .*[Ii]nvalid/)
    assert.deepEqual(one.observe().applied?.releases, {})
  })

  it('say which pod is not ready and why, in the words of the scheduler', async () => {
    const one = memberOf(plane)
    const nowhere = { podSpec: { nodeSelector: { disk: 'none' } } }
    await run(one, release(ns, 'r0', 2, nowhere), service(ns, { r0: 1 }))
    const facts = await eventually(
      () => {
        const seen = factsOf(one, 'r0')
        return seen?.availableReplicas === 0 && /^2 of 2 .* Unschedulable/.test(seen.message ?? '') && seen
      },
      'the message and the count',
      60_000,
    )
    assert.match(
      facts.message ?? '',
      /^2 of 2 pods not ready: r0-[a-z0-9]+-[a-z0-9]+ Unschedulable: 0\/1 nodes are available/,
    )
    assert.deepEqual([facts.installed, facts.trafficReady], [true, false])
  })

  it('are told as soon as they change', async () => {
    let refused = false
    const one = memberOf(plane, {
      transport: refusing(transportOf(plane), (method, path) => refused && method === 'PATCH' && /\/pods\//.test(path)),
      random: () => 0,
    })
    let told: boolean | undefined
    one.onChange(() => {
      told = factsOf(one, 'r0')?.trafficReady
    })
    await run(one, release(ns, 'r0', 1), service(ns, { r0: 1 }))
    await eventually(() => told && factsOf(one, 'r0')?.availableReplicas === 1, 'the pod to be told', 60_000)
    refused = true
    await plane.request('DELETE', `/api/v1/namespaces/${ns}/pods`)
    await eventually(() => told === false, 'the loss to be told', 60_000)
    refused = false
    await eventually(() => told && factsOf(one, 'r0')?.availableReplicas === 1, 'the other pod to be told', 60_000)
  })

  for (const [what, part] of [
    ['pods', '/pods'],
    ['endpoints', '/endpointslices'],
  ] as const)
    it(`are unknown, and not none, while ${what} may not be watched; then it is a problem of the cluster`, async () => {
      let refused = true
      const one = memberOf(plane, {
        transport: refusing(transportOf(plane), (_method, path) => refused && path.includes(part)),
        random: () => 0,
      })
      await run(one, release(ns, 'r0', 1), service(ns, { r0: 1 }))
      await eventually(() => one.status().sync === 'degraded', 'the problem')
      assert.match(one.status().message, new RegExp(`cannot watch ${part.slice(1)} in ${ns}: pods is forbidden`))
      assert.equal(one.observe().releases, undefined)
      assert.equal(one.observe().applied?.releases, undefined)
      refused = false
      await eventually(() => factsOf(one, 'r0')?.trafficReady && one.status().sync === 'synced', 'an end of it', 60_000)
    })

  it('say that traffic is not as it should be while labels are refused; then that is a problem of the cluster', async () => {
    let refused = true
    const one = memberOf(plane, {
      transport: refusing(transportOf(plane), (method, path) => refused && method === 'PATCH' && /\/pods\//.test(path)),
      random: () => 0,
    })
    await run(one, release(ns, 'r0', 2), service(ns, { r0: 1 }))
    await eventually(() => /cannot be labelled/.test(one.status().message), 'the problem')
    assert.match(one.status().message, new RegExp(`pods of ${ns}/web cannot be labelled: pods is forbidden`))
    assert.equal(factsOf(one, 'r0')?.trafficReady, false)
    refused = false
    await eventually(() => factsOf(one, 'r0')?.trafficReady && one.status().sync === 'synced', 'an end of it', 60_000)
  })

  it('say that traffic is not as it should be where the weights cannot be read', async () => {
    const one = memberOf(plane)
    const plain = service(ns, { r0: 1 })
    const annotations = { ...plain.metadata.annotations, [notes.traffic]: 'all' }
    await run(one, release(ns, 'r0', 1), { ...plain, metadata: { ...plain.metadata, annotations } })
    const facts = await eventually(() => factsOf(one, 'r0'), 'the facts')
    assert.equal(facts.trafficReady, false)
    assert.match(facts.message ?? '', /must be a JSON object of weights/)
    assert.match(one.status().message, /must be a JSON object of weights/)
  })
})
