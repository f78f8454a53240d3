import assert from 'node:assert/strict'
import { sleep, systemClock } from '../../../../reconciler/clock.ts'
import type { Transport } from '../../../../reconciler/member/transport.ts'
import type { Member, MemberSettings } from '../../../../reconciler/member/types.ts'
import { labels as shipper } from '../../../../render/shipper/rollout.ts'
import type { KubeObject } from '../../../../repo-layout/json.ts'
import type { ControlPlane } from '../../../testbed/control-plane.ts'
import { controllerBinaries } from '../../../testbed/controllers.ts'
import { describeMembers } from '../../../testbed/members.ts'
import { sharedControlPlane } from '../../../testbed/shared.ts'
import {
  apply,
  desired,
  eventually,
  memberOf,
  namespace,
  requestsSince,
  send,
  settings,
  transportOf,
  unique,
} from '../support.ts'
import { endpoints, podsIn, release, service, watchEndpoints } from './support.ts'

const merge = { 'content-type': 'application/merge-patch+json' }
const statusLabel = shipper.traffic

/** The same way to a cluster, on which each label of a pod takes half a second. */
function slowlyLabelling(transport: Transport): Transport {
  return {
    ...transport,
    async request(method, path, options) {
      if (method === 'PATCH' && path.includes('/pods/')) await sleep(systemClock, 500)
      return transport.request(method, path, options)
    },
  }
}

describeMembers('traffic in a member', ['etcd', 'kube-apiserver', ...controllerBinaries], function () {
  this.timeout(120_000)
  let plane: ControlPlane
  let ns: string
  let set: MemberSettings
  let member: Member
  /** The replicas that each release was last to have. */
  const wanted = new Map<string, number>()

  before(async () => {
    plane = await sharedControlPlane({ controllers: true })
  })
  beforeEach(() => {
    ns = unique('traffic')
    set = settings()
    member = memberOf(plane)
  })
  afterEach(async () => {
    await member.stop()
    await plane.request('DELETE', `/api/v1/namespaces/${ns}`)
  })

  const [r0, r1] = ['r0', 'r1']
  const state = (...objects: readonly KubeObject[]) => desired(namespace(ns), ...objects)
  const run = (...objects: readonly KubeObject[]) => {
    for (const { metadata, spec } of objects) wanted.set(metadata.name, (spec as { replicas?: number }).replicas ?? 0)
    return apply(member, state(...objects), set)
  }
  const facts = (name: string) => member.observe().releases?.[`${ns}/${name}`]
  const counts = async () =>
    Object.fromEntries(Object.entries(await endpoints(plane, ns)).map(([of, pods]) => [of, pods.length]))
  const labels = async () =>
    Object.fromEntries((await podsIn(plane, ns)).map(({ metadata }) => [metadata.name, metadata.labels?.[statusLabel]]))

  const written = (from: number) =>
    requestsSince(plane, from, (uri) => uri.includes(`/${ns}/pods/`)).filter((one) => one.startsWith('patch'))

  /** Waits until the member says of these releases that they are applied, have their pods and their traffic. */
  const settled = (...names: readonly string[]) =>
    eventually(
      () =>
        names.every((name) => {
          const { installed, availableReplicas, trafficReady } = facts(name) ?? {}
          const isApplied = member.observe().applied?.releases?.[`${ns}/${name}`] !== undefined
          return isApplied && installed && availableReplicas === wanted.get(name) && trafficReady
        }),
      `the traffic of ${names.join(' and ')}`,
      60_000,
    )

  it('goes over from one release to another as the weights walk, and never falls below what is promised', async () => {
    const both = [release(ns, r0, 4), release(ns, r1, 4)]
    await run(...both, service(ns, { r0: 100, r1: 0 }))
    await settled(r0, r1)
    assert.deepEqual(await counts(), { r0: 4 })
    const watched = await watchEndpoints(plane, ns)
    await run(...both, service(ns, { r0: 50, r1: 50 }))
    await settled(r0, r1)
    assert.deepEqual(await counts(), { r0: 4, r1: 4 })
    await run(...both, service(ns, { r0: 1, r1: 3 }))
    await settled(r0, r1)
    assert.deepEqual(await counts(), { r0: 2, r1: 4 })
    await run(...both, service(ns, { r0: 0, r1: 100 }))
    await settled(r0, r1)
    assert.deepEqual(await counts(), { r1: 4 })
    const { lowest, states } = await watched.stop()
    console.log(`    at least ${lowest} of 4 promised endpoints were ready, in ${states} states`)
    assert.ok(lowest >= 4, `${lowest} were ready once`)
  })

  it('is not lost between the two ways to select pods, there and back', async () => {
    const both = [release(ns, r0, 3), release(ns, r1, 3)]
    await run(...both, service(ns, { r0: 100, r1: 0 }, r0))
    await settled(r0, r1)
    const watched = await watchEndpoints(plane, ns)
    await run(...both, service(ns, { r0: 100, r1: 0 }))
    await settled(r0, r1)
    await run(...both, service(ns, { r0: 0, r1: 100 }))
    await settled(r0, r1)
    await run(...both, service(ns, { r0: 0, r1: 100 }, r1))
    await settled(r0, r1)
    assert.deepEqual(await counts(), { r1: 3 })
    // Straight to the labels of another release, in one commit.
    await run(...both, service(ns, { r0: 100, r1: 0 }))
    await settled(r0, r1)
    assert.deepEqual(await counts(), { r0: 3 })
    const { lowest, states } = await watched.stop()
    console.log(`    at least ${lowest} of 3 promised endpoints were ready, in ${states} states`)
    assert.ok(lowest >= 3, `${lowest} were ready once`)
  })

  it('comes back by itself to a release that the Service selects by name, with nobody there to label pods', async () => {
    await run(release(ns, r0, 3), service(ns, { r0: 100 }, r0))
    await settled(r0)
    await member.stop()
    const before = Object.keys(await labels())
    await plane.request('DELETE', `/api/v1/namespaces/${ns}/pods`)
    const after = await eventually(
      async () => {
        const { r0: names = [] } = await endpoints(plane, ns)
        return names.length === 3 && names.every((name) => !before.includes(name)) && names
      },
      'three other endpoints',
      60_000,
    )
    assert.deepEqual(new Set(Object.values(await labels())), new Set([undefined]))
    member = memberOf(plane)
    await run(release(ns, r0, 3), service(ns, { r0: 100 }, r0))
    await settled(r0)
    assert.deepEqual(await labels(), Object.fromEntries(after.map((name) => [name, 'enabled'])))
  })

  it('is not lost either where labels come to decide over pods that were made while nobody wrote any', async () => {
    const both = [release(ns, r0, 3), release(ns, r1, 3)]
    await run(...both, service(ns, { r0: 100, r1: 0 }, r0))
    await settled(r0, r1)
    await member.stop()
    const before = Object.keys(await labels())
    await plane.request('DELETE', `/api/v1/namespaces/${ns}/pods`)
    await eventually(
      async () => {
        const { r0: names = [] } = await endpoints(plane, ns)
        return names.length === 3 && names.every((name) => !before.includes(name))
      },
      'three other endpoints',
      60_000,
    )
    const watched = await watchEndpoints(plane, ns)
    member = memberOf(plane, { transport: slowlyLabelling(transportOf(plane)) })
    await run(...both, service(ns, { r0: 100, r1: 0 }))
    await settled(r0, r1)
    const { lowest } = await watched.stop()
    assert.equal(lowest, 3)
    assert.deepEqual(await counts(), { r0: 3 })
  })

  it('does not come to new pods by labels while nobody writes them, and does as soon as somebody does', async () => {
    const objects = [release(ns, r0, 2), service(ns, { r0: 100 })]
    await run(...objects)
    await settled(r0)
    await member.stop()
    const before = Object.keys(await labels())
    await plane.request('DELETE', `/api/v1/namespaces/${ns}/pods`)
    await eventually(
      async () => {
        const pods = (await podsIn(plane, ns)).filter(({ metadata }) => !before.includes(metadata.name))
        return pods.length === 2 && (await counts()).r0 === undefined
      },
      'two other pods, without traffic',
      60_000,
    )
    member = memberOf(plane)
    await run(...objects)
    await settled(r0)
    assert.deepEqual(await counts(), { r0: 2 })
  })

  it('is given to pods as they come, and stays with those that have it', async () => {
    await run(release(ns, r0, 2), release(ns, r1, 2), service(ns, { r0: 1, r1: 1 }))
    await settled(r0, r1)
    const { r0: first = [] } = await endpoints(plane, ns)
    await run(release(ns, r0, 4), release(ns, r1, 2), service(ns, { r0: 1, r1: 1 }))
    await settled(r0, r1)
    const { r0: then = [] } = await endpoints(plane, ns)
    assert.equal(then.length, 3)
    for (const name of first) assert.ok(then.includes(name), `${name} keeps its traffic`)
  })

  it('goes to the pods of a StatefulSet, by their numbers', async () => {
    const set0 = release(ns, r0, 2, { kind: 'StatefulSet', serviceName: 'web' })
    await run(set0, service(ns, { r0: 1 }))
    await settled(r0)
    assert.deepEqual((await endpoints(plane, ns)).r0?.toSorted(), ['r0-0', 'r0-1'])
    await send(plane, 'DELETE', `/api/v1/namespaces/${ns}/pods/r0-0`)
    await eventually(async () => (await counts()).r0 !== 2, 'the loss')
    await eventually(async () => (await counts()).r0 === 2, 'the same number again', 60_000)
  })

  it('leaves pods alone that are not of our workloads, whatever their labels say', async () => {
    const foreign = release(ns, 'foreign', 1, { selector: { matchLabels: { app: 'foreign' } } })
    const template = { labels: { app: 'foreign', 'shipper-app': 'web', 'shipper-release': r0 } }
    const { annotations: _, labels: __, ...metadata } = foreign.metadata
    await run(release(ns, r0, 1), service(ns, { r0: 100 }))
    await settled(r0)
    const spec = foreign.spec as { template: object }
    await send(plane, 'POST', `/apis/apps/v1/namespaces/${ns}/deployments`, {
      ...foreign,
      metadata,
      spec: { ...spec, template: { ...spec.template, metadata: template } },
    })
    await eventually(
      async () =>
        (await podsIn(plane, ns)).filter(({ status }) => (status as { phase?: string }).phase === 'Running').length ===
        2,
      'both pods',
      60_000,
    )
    await run(release(ns, r0, 2), service(ns, { r0: 100 }))
    await settled(r0)
    for (const [name, label] of Object.entries(await labels()))
      assert.equal(label, name.startsWith('foreign') ? undefined : 'enabled', name)
  })

  for (const [what, subject] of [
    ['the cluster', '*'],
    ['its Service', 'Service'],
  ] as const)
    it(`is left as it is while ${what} is paused, and shifted afterwards`, async () => {
      const both = [release(ns, r0, 2), release(ns, r1, 2)]
      await run(...both, service(ns, { r0: 1, r1: 0 }))
      await settled(r0, r1)
      const paused = subject === '*' ? subject : `${subject}/${ns}/web`
      const [at, until] = [Date.now(), Date.now() + 3_600_000].map((time) => new Date(time).toISOString())
      await member.pause({ subject: paused, at: at ?? '', until: until ?? '', reason: 'a test', by: 'jo' })
      const from = plane.auditEntries().length
      await run(...both, service(ns, { r0: 0, r1: 1 }))
      await eventually(() => facts(r1)?.trafficReady === false, 'the new weights')
      const [victim = ''] = (await endpoints(plane, ns)).r0 ?? []
      await send(plane, 'DELETE', `/api/v1/namespaces/${ns}/pods/${victim}`)
      await eventually(
        async () => (await counts()).r0 === 1 && (await podsIn(plane, ns)).length === 4,
        'the loss',
        60_000,
      )
      assert.deepEqual(written(from), [])
      await member.resume(paused)
      await settled(r0, r1)
      assert.deepEqual(await counts(), { r1: 2 })
      assert.notDeepEqual(written(from), [])
    })

  it('leaves the pods of a workload alone that is paused, and goes on for the others', async () => {
    const both = [release(ns, r0, 1), release(ns, r1, 1)]
    await run(...both, service(ns, { r0: 1, r1: 0 }))
    await settled(r0, r1)
    const [at = '', until = ''] = [Date.now(), Date.now() + 3_600_000].map((time) => new Date(time).toISOString())
    const subject = `Deployment.apps/${ns}/${r0}`
    await member.pause({ subject, at, until, reason: 'a test', by: 'jo' })
    await run(...both, service(ns, { r0: 0, r1: 1 }))
    await eventually(async () => (await counts()).r1 === 1, 'the traffic of the other')
    assert.deepEqual(await counts(), { r0: 1, r1: 1 })
    assert.equal(facts(r0)?.trafficReady, false)
    await member.resume(subject)
    await settled(r0, r1)
    assert.deepEqual(await counts(), { r1: 1 })
  })

  it('is left as it is where Git says that the Service is suspended', async () => {
    const both = [release(ns, r0, 1), release(ns, r1, 1)]
    await run(...both, service(ns, { r0: 1, r1: 0 }))
    await settled(r0, r1)
    const from = plane.auditEntries().length
    const next = service(ns, { r0: 0, r1: 1 })
    const annotations = { ...next.metadata.annotations, 'flotilla.dev/suspend': 'true' }
    await run(...both, { ...next, metadata: { ...next.metadata, annotations } })
    await eventually(() => facts(r1)?.trafficReady === false, 'the new weights')
    await member.stop()
    assert.deepEqual(written(from), [])
    assert.deepEqual(await counts(), { r0: 1 })
  })

  it('is put right where somebody changes a label by hand', async () => {
    await run(release(ns, r0, 2), service(ns, { r0: 1 }))
    await settled(r0)
    const [name] = Object.keys(await labels())
    const path = `/api/v1/namespaces/${ns}/pods/${name}`
    await send(plane, 'PATCH', path, { metadata: { labels: { [statusLabel]: 'disabled' } } }, merge)
    await eventually(async () => (await labels())[name ?? ''] === 'enabled', 'the label')
  })
})
