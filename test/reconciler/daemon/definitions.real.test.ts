import assert from 'node:assert/strict'
import type { JsonObject } from '../../../repo-layout/json.ts'
import { describeMembers } from '../../testbed/members.ts'
import { yaml } from './documents.ts'
import { needs, withFleet } from './harness.ts'

const group = 'daemon.flotilla.example'
const placement = { clusterSelector: {} }

describeMembers('a custom kind', needs, () => {
  it('and its objects come in one commit, whatever the order of the files', () =>
    withFleet({}, async (fleet) => {
      fleet.people.write('a-queue.yaml', yaml(queue(fleet.ns, 'orders', 3), queue(fleet.ns, 'mails', 5)))
      fleet.people.write('b-type.yaml', yaml(typeConfig))
      fleet.people.write('c-crd.yaml', yaml(definition))
      await fleet.push('Define queues and make two')
      const daemon = await fleet.start()
      try {
        await daemon.synced()
        const path = `/apis/${group}/v1/namespaces/${fleet.ns}/queues/orders`
        const sizes = await Promise.all(fleet.members.map((member) => member.value(path, ['spec', 'size'])))
        assert.deepEqual(sizes, [3, 3, 3])
        assert.equal(fleet.generatedLog().length, 1)

        await fleet.member('c2').send('DELETE', path)
        await daemon.until(
          async () => (await fleet.member('c2').value(path, ['spec', 'size'])) === 3,
          'drift of a custom object is healed',
        )
      } finally {
        await daemon.stop()
        const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/queues.${group}`
        for (const { plane } of fleet.members) await plane.request('DELETE', path)
      }
    }))
})

const definition: JsonObject = {
  apiVersion: 'types.kubefed.io/v1beta1',
  kind: 'FederatedCustomResourceDefinition',
  metadata: { name: `queues.${group}` },
  spec: {
    placement,
    template: {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind: 'Queue', plural: 'queues', singular: 'queue', listKind: 'QueueList' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
              },
            },
          },
        ],
      },
    },
  },
}

const typeConfig: JsonObject = {
  apiVersion: 'core.kubefed.io/v1beta1',
  kind: 'FederatedTypeConfig',
  metadata: { name: `queues.${group}` },
  spec: {
    propagation: 'Enabled',
    federatedType: {
      group: 'types.kubefed.io',
      kind: 'FederatedQueue',
      pluralName: 'federatedqueues',
      scope: 'Namespaced',
      version: 'v1beta1',
    },
    targetType: { group, kind: 'Queue', pluralName: 'queues', scope: 'Namespaced', version: 'v1' },
  },
}

function queue(namespace: string, name: string, size: number): JsonObject {
  return {
    apiVersion: 'types.kubefed.io/v1beta1',
    kind: 'FederatedQueue',
    metadata: { name, namespace },
    spec: { placement, template: { spec: { size } } },
  }
}
