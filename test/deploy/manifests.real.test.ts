import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { getIn } from '../../repo-layout/json.ts'
import { describeReal } from '../testbed/binaries.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import { sharedControlPlane } from '../testbed/shared.ts'
import { kubectl, manifests } from './kubectl.ts'
import { may, rightsIn } from './rights.ts'

const account = 'flotilla-system:flotilla'

describeReal('deploy/manifests on a real cluster', ['etcd', 'kube-apiserver', 'kubectl'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
    await kubectl(plane, 'apply', '--filename', join(manifests, 'namespace.yaml'))
  })

  it('pass a dry run on the server without a warning, then an apply, which repeated changes nothing', async () => {
    const dry = await kubectl(plane, 'apply', '--kustomize', manifests, '--dry-run=server', '--validate=strict')
    assert.equal(dry.stderr, '')
    const real = await kubectl(plane, 'apply', '--kustomize', manifests, '--validate=strict')
    assert.equal(real.stderr, '')
    assert.match(real.stdout, /deployment\.apps\/flotilla (created|configured|unchanged)/)
    const again = await kubectl(plane, 'apply', '--kustomize', manifests)
    const changed = again.stdout.split('\n').filter((line) => line !== '' && !line.endsWith(' unchanged'))
    assert.deepEqual(changed, [])
  })

  it('has a pod that the pod security level restricted takes, where a plain one is refused', async () => {
    const template = getIn(parse(readFileSync(join(manifests, 'deployment.yaml'), 'utf8')), ['spec', 'template'])
    const spec = getIn(template, ['spec'])
    assert(spec)
    const path = '/api/v1/namespaces/flotilla-system/pods?dryRun=All'
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'flotilla' } }
    const { status, body } = await plane.request('POST', path, { ...pod, spec })
    assert.equal(status, 201, JSON.stringify(body))
    const plain = await plane.request('POST', path, { ...pod, spec: { containers: [{ name: 'a', image: 'a' }] } })
    assert.equal(plain.status, 403)
    assert.match(JSON.stringify(plain.body), /violates PodSecurity \\"restricted/)
  })

  it('lets the daemon read the Secrets of its namespace one by one, hold a Lease, and do nothing else anywhere', async () => {
    await kubectl(plane, 'apply', '--kustomize', manifests)
    const secret = { resource: 'secrets', namespace: 'flotilla-system' }
    assert(await may(plane, account, { ...secret, verb: 'get', name: 'eu-1-kubeconfig' }))
    for (const verb of ['list', 'watch', 'create', 'update', 'patch', 'delete'])
      assert(!(await may(plane, account, { ...secret, verb })), verb)
    assert(!(await may(plane, account, { ...secret, namespace: 'default', verb: 'get' })))
    assert.deepEqual(await rightsIn(plane, account, 'flotilla-system'), [
      'create coordination.k8s.io/leases',
      'get /secrets',
      'get coordination.k8s.io/leases',
      'update coordination.k8s.io/leases',
    ])
    assert.deepEqual(await rightsIn(plane, account, 'default'), [])
    assert.deepEqual(await rightsIn(plane, account, 'kube-system'), [])
  })

  it('serves the port that the container listens on', () => {
    const read = (name: string) => parse(readFileSync(join(manifests, name), 'utf8'))
    const container = getIn(read('deployment.yaml'), ['spec', 'template', 'spec', 'containers', 0])
    const port = getIn(container, ['ports', 0, 'containerPort'])
    assert.deepEqual(getIn(container, ['args', 2]), `0.0.0.0:${port}`)
    assert.equal(getIn(read('service.yaml'), ['spec', 'ports', 0, 'port']), port)
  })
})
