import assert from 'node:assert/strict'
import { getIn, type KubeObject } from '../../../repo-layout/json.ts'
import { describeReal } from '../../testbed/binaries.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { refuse } from '../../testbed/refuse.ts'
import { sharedControlPlane } from '../../testbed/shared.ts'
import {
  apply,
  configMap,
  deployment,
  desired,
  eventually,
  namespace,
  objectOf,
  read,
  requestsSince,
  send,
  settings,
  unique,
  valueAt,
  withMember,
} from './support.ts'

describeMembers('a member: what an API server refuses', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })

  it('is not sent again in haste: an unknown field, a duplicate env name, which comes as an HTTP 500', async () => {
    const ns = unique('permanent')
    const env = [
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
    ]
    const twice = deployment(ns, 'twice', {}, { containers: [{ name: 'web', image: 'nginx:1', env }] })
    const typo = { ...configMap(ns, 'typo', {}), dta: { k: 'v' } }
    await withMember(plane, async (member) => {
      const from = plane.auditEntries().length
      await apply(member, desired(namespace(ns), twice, typo, configMap(ns, 'fine', {})), settings())
      assert.match(objectOf(member, `Deployment.apps/${ns}/twice`).message, /failed to create typed patch object.*"A"/)
      assert.match(objectOf(member, `ConfigMap/${ns}/typo`).message, /dta/)
      assert.equal(objectOf(member, `ConfigMap/${ns}/fine`).action, 'created')
      assert.equal(member.status().message, '2/4 applied')
      await new Promise((resolve) => setTimeout(resolve, 2000))
      const codes = plane
        .auditEntries()
        .slice(from)
        .filter(
          ({ verb, requestURI }) => verb === 'patch' && /\/(twice|typo)\?/.test(requestURI) && requestURI.includes(ns),
        )
        .map(({ responseStatus }) => responseStatus?.code)
      assert.equal(codes.length, 2, 'one try each within two seconds')
      assert(codes.includes(500), String(codes))
    })
  })

  it('of a heal is told with who made the drift, and the drift is healed when it may be', async () => {
    const ns = unique('refuses')
    const path = `/api/v1/namespaces/${ns}/configmaps/c`
    const merge = { 'content-type': 'application/merge-patch+json' }
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: 'git' })), settings())
      const admitAgain = await refuse(plane, {
        name: ns,
        namespace: ns,
        operations: ['UPDATE'],
        resource: 'configmaps',
        expression: "!('k' in object.data) || object.data.k != 'git'",
        refuses: (object) => getIn(object, ['data', 'k']) === 'git',
        message: 'frozen here',
      })
      const denied = () =>
        plane
          .request('PATCH', `${path}?dryRun=All`, { data: { k: 'git', x: 'y' } }, merge)
          .then(({ status }) => status === 422)
      await eventually(denied, 'the policy')
      await send(plane, 'PATCH', `${path}?fieldManager=kubectl-edit`, { data: { k: 'by hand' } }, merge)
      const failed = await eventually(() => {
        const object = objectOf(member, `ConfigMap/${ns}/c`)
        return object.action === 'failed' && object.drift ? object : undefined
      }, 'the refusal')
      assert.match(failed.message, /frozen here/)
      assert.deepEqual(failed.drift?.fields, [
        { path: '/data/k', live: 'by hand', wanted: 'git', manager: 'kubectl-edit' },
      ])
      assert.equal(member.status().sync, 'degraded')
      await admitAgain()
      await eventually(async () => (await valueAt(plane, path, ['data', 'k'])) === 'git', 'the heal', 20_000)
      await eventually(() => member.status().sync === 'synced', 'the end of it')
    })
  })

  it('is told without the value of a Secret that the server quotes', async () => {
    const ns = unique('quoted')
    const broken: readonly [string, KubeObject][] = [
      [
        'number',
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'number', namespace: ns }, data: { k: 31337421 } },
      ],
      [
        'list',
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'list', namespace: ns },
          data: { k: ['hunter2-hunter2'] },
        },
      ],
      [
        'clear',
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'clear', namespace: ns },
          data: { k: 'not base64: hunter2' },
        },
      ],
    ]
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), ...broken.map(([, secret]) => secret)), settings())
      for (const [name] of broken) {
        const { action, message } = objectOf(member, `Secret/${ns}/${name}`)
        assert.equal(action, 'failed', name)
        assert.notEqual(message, '')
        assert.doesNotMatch(JSON.stringify(member.status()), /hunter2|31337421/, message)
      }
    })
  })

  it('about a claim never costs the claim: what is precious is not created anew, whatever its annotation says', async () => {
    const ns = unique('claim')
    const path = `/api/v1/namespaces/${ns}/persistentvolumeclaims/data`
    const claim = (storage: string, storageClassName: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: ns, annotations: { 'flotilla.dev/recreate': 'true' } },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage } } },
    })
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), claim('1Gi', 'fast')), set)
      const uid = await valueAt(plane, path, ['metadata', 'uid'])
      await apply(member, desired(namespace(ns), claim('1Gi', 'slow')), set)
      assert.match(objectOf(member, `PersistentVolumeClaim/${ns}/data`).message, /spec.*cannot be changed|immutable/)
      assert.equal(await valueAt(plane, path, ['metadata', 'uid']), uid)
    })
  })

  it('by a policy named "immutable" is no immutable field: nothing is deleted for it', async () => {
    const ns = unique('policy')
    await refuse(plane, {
      name: ns,
      namespace: ns,
      operations: ['CREATE', 'UPDATE'],
      resource: 'configmaps',
      expression: "object.data.k != 'no'",
      refuses: (object) => getIn(object, ['data', 'k']) === 'no',
      message: 'this field is immutable',
    })
    const map = (k: string) => configMap(ns, 'c', { k }, { annotations: { 'flotilla.dev/recreate': 'true' } })
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), map('yes')), set)
      const path = `/api/v1/namespaces/${ns}/configmaps`
      await eventually(
        async () => (await plane.request('POST', `${path}?dryRun=All`, configMap(ns, 'x', { k: 'no' }))).status === 422,
        'the policy',
      )
      const uid = await valueAt(plane, `${path}/c`, ['metadata', 'uid'])
      await apply(member, desired(namespace(ns), map('no')), set)
      assert.match(objectOf(member, `ConfigMap/${ns}/c`).message, /this field is immutable/)
      assert.equal(await valueAt(plane, `${path}/c`, ['metadata', 'uid']), uid)
    })
  })
})

// A cluster in memory has no policies.
describeReal('a member of a real cluster: what an API server refuses', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })

  it('goes before what serves it: bindings of policies are applied last and pruned first', async () => {
    const ns = unique('order')
    const policy: KubeObject = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: ns },
      spec: {
        matchConstraints: {
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }],
        },
        validations: [{ expression: `object.metadata.namespace != '${ns}'` }],
      },
    }
    const binding: KubeObject = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: ns },
      spec: { policyName: ns, validationActions: ['Deny'] },
    }
    const secret: KubeObject = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: ns } }
    const set = settings()
    const verbs = (from: number, verb: string) =>
      requestsSince(plane, from, (uri) => uri.includes(ns) && !uri.includes('flotilla-system'))
        .filter((line) => line.startsWith(`${verb} `))
        .map((line) => /\/([a-z]+)\/[^/?]+(\?|$)/.exec(line)?.[1])
    await withMember(plane, async (member) => {
      let from = plane.auditEntries().length
      await apply(member, desired(binding, policy, secret, namespace(ns)), set)
      assert.equal(member.status().message, '4/4 applied')
      const applied = verbs(from, 'patch')
      assert.equal(applied.at(-1), 'validatingadmissionpolicybindings')
      assert(applied.indexOf('namespaces') < applied.indexOf('secrets'), String(applied))
      from = plane.auditEntries().length
      await apply(member, desired(namespace(ns)), set)
      assert.equal(verbs(from, 'delete')[0], 'validatingadmissionpolicybindings')
      assert.equal(await read(plane, `/api/v1/namespaces/${ns}/secrets/s`), undefined)
    })
  })
})
