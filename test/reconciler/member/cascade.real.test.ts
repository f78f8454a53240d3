import assert from 'node:assert/strict'
import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { sharedControlPlane } from '../../testbed/shared.ts'
import { apply, configMap, desired, namespace, objectOf, read, send, settings, unique, withMember } from './support.ts'

const told = { annotations: { 'flotilla.dev/prune': 'true' } }

describeMembers('what a deletion takes with it', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })

  /** How many objects are said to go with an object that left Git, while its deletion waits. */
  async function takenWith(
    object: KubeObject,
    subject: string,
    fill: () => Promise<void>,
  ): Promise<number | undefined> {
    const set = { ...settings(), mayDelete: new Set<string>() }
    const others = configMap('default', unique('other'), {})
    return withMember(plane, async (member) => {
      await apply(member, desired(object, others), set)
      await fill()
      await apply(member, desired(others), set)
      const { held, message } = objectOf(member, subject)
      assert.match(message, /over budget/)
      assert.ok(await read(plane, placeOf(object)), 'nothing is deleted before it is allowed')
      return held?.takes
    })
  }

  it('of a Namespace is everything that people put into it, and nothing that is there by itself', async () => {
    const ns = unique('full')
    const space = { ...namespace(ns), metadata: { name: ns, ...told } }
    const fill = async () => {
      for (const name of ['a', 'b', 'c'])
        await send(plane, 'POST', `/api/v1/namespaces/${ns}/configmaps`, configMap(ns, name, {}))
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'x', controller: true }
      const made = { ...configMap(ns, 'made', {}), metadata: { name: 'made', ownerReferences: [owner] } }
      await send(plane, 'POST', `/api/v1/namespaces/${ns}/configmaps`, made)
      await send(plane, 'POST', `/api/v1/namespaces/${ns}/services`, service)
    }
    assert.equal(await takenWith(space, `Namespace/${ns}`, fill), 4)
  })

  it('of a CustomResourceDefinition is every object of its kind', async () => {
    const group = `${unique('g')}.example.com`
    const definition = crd(group)
    const fill = async () => {
      for (const name of ['a', 'b']) {
        const widget = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name } }
        await send(plane, 'POST', `/apis/${group}/v1/namespaces/default/widgets`, widget)
      }
    }
    const subject = `CustomResourceDefinition.apiextensions.k8s.io/widgets.${group}`
    assert.equal(await takenWith(definition, subject, fill), 2)
  })

  it('of a PersistentVolumeClaim is the volume that it is bound to', async () => {
    const claim = (name: string, spec: JsonObject = {}): KubeObject => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace: 'default', ...told },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    })
    const [bound, free] = [unique('bound'), unique('free')]
    const nothing = async () => undefined
    const volume = claim(bound, { volumeName: 'pv-1' })
    assert.equal(await takenWith(volume, `PersistentVolumeClaim/default/${bound}`, nothing), 1)
    assert.equal(await takenWith(claim(free), `PersistentVolumeClaim/default/${free}`, nothing), 0)
  })

  it('of anything else is nothing that would have to be asked for', async () => {
    const name = unique('plain')
    const nothing = async () => undefined
    const object = configMap('default', name, {})
    assert.equal(await takenWith(object, `ConfigMap/default/${name}`, nothing), 0)
  })
})

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { ports: [{ port: 80 }], selector: { app: 'web' } },
}

function crd(group: string): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object' } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}`, ...told },
    spec: {
      group,
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  }
}

function placeOf({ kind, metadata: { name, namespace = 'default' } }: KubeObject): string {
  if (kind === 'Namespace') return `/api/v1/namespaces/${name}`
  if (kind === 'ConfigMap') return `/api/v1/namespaces/${namespace}/configmaps/${name}`
  if (kind === 'PersistentVolumeClaim') return `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`
  return `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`
}
