import assert from 'node:assert/strict'
import { whyNotReady } from '../../reconciler/member/traffic/reason.ts'
import { getIn, isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { eventually } from '../reconciler/daemon/harness.ts'
import type { ControlPlane } from './control-plane.ts'
import { controllerBinaries } from './controllers.ts'
import { describeMembers } from './members.ts'
import { sharedControlPlane } from './shared.ts'

const annotation = 'sandbox.flotilla.dev/fails-with'
const namespace = `failing-${process.pid}`

describeMembers('a pod that is told to fail', ['etcd', 'kube-apiserver', ...controllerBinaries], function () {
  this.timeout(120_000)
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane({ controllers: true })
    await plane.request('POST', '/api/v1/namespaces', {
      ...{ apiVersion: 'v1', kind: 'Namespace' },
      metadata: { name: namespace },
    })
  })
  after(() => plane.request('DELETE', `/api/v1/namespaces/${namespace}`))

  const pods = async (app: string) => {
    const { body } = await plane.request('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`)
    const items = getIn(body, ['items'])
    return isJsonArray(items) ? items.filter(isJsonObject) : []
  }
  const run = (app: string, metadata: JsonObject, container: JsonObject = {}) =>
    plane.request('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, deployment(app, metadata, container))
  /** Resolves when the only pod of a workload says that. */
  const until = (app: string, reason: string) =>
    eventually(async () => (await pods(app)).map(whyNotReady).join() === reason, reason, {
      limit: 60_000,
      explain: () => app,
    })

  for (const [fails, reason] of [
    ['ImagePullBackOff', 'ImagePullBackOff: registry.example/web:1'],
    ['CrashLoopBackOff', 'CrashLoopBackOff: web ends with exit code 1'],
  ] as const)
    it(`says ${fails} from the start, and when it is told to later`, async () => {
      const [app, later] = [`${fails.toLowerCase()}-1`, `${fails.toLowerCase()}-2`]
      await run(app, { annotations: { [annotation]: fails } })
      await until(app, reason)

      await run(later, {})
      await eventually(async () => getIn((await pods(later))[0], ['status', 'phase']) === 'Running', 'it runs')
      const name = String(getIn((await pods(later))[0], ['metadata', 'name']))
      const headers = { 'content-type': 'application/merge-patch+json' }
      const patch = { metadata: { annotations: { [annotation]: fails } } }
      const path = `/api/v1/namespaces/${namespace}/pods/${name}`
      assert.equal((await plane.request('PATCH', path, patch, headers)).status, 200)
      await until(later, reason)
    })

  it('says that it has no room where it asks for more than there is', async () => {
    await run('huge', {}, { resources: { requests: { cpu: '1000' } } })
    await eventually(
      async () =>
        /^Unschedulable: 0\/1 nodes are available: .*Insufficient cpu/.test(
          (await pods('huge')).map(whyNotReady).join(),
        ),
      'no room',
    )
  })
})

function deployment(app: string, metadata: JsonObject, container: JsonObject): Json {
  const containers = [{ name: 'web', image: 'registry.example/web:1', ...container }]
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: app },
    spec: {
      selector: { matchLabels: { app } },
      template: { metadata: { ...metadata, labels: { app } }, spec: { containers } },
    },
  }
}
