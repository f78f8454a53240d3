import assert from 'node:assert/strict'
import fc from 'fast-check'
import { clusterDocument } from '../../../reconciler/join/document.ts'
import { readFleet } from '../../../reconciler/join/fleet.ts'
import { distinct, inventoryKinds, newCluster, renderedFor } from '../../../reconciler/join/kinds.ts'
import { accountManifests } from '../../../reconciler/join/manifests.ts'
import { applyVerbs, leastRights } from '../../../reconciler/join/rights.ts'
import type { Resource } from '../../../reconciler/member/discovery.ts'
import { getIn, isJsonArray, type Json } from '../../../repo-layout/json.ts'
import { clusterSchema } from '../../../repo-layout/schema/cluster.ts'
import { federated, testFleet } from './support.ts'

const resource = (apiVersion: string, plural: string): Resource => ({
  apiVersion,
  kind: plural,
  plural,
  namespaced: true,
  verbs: [],
})

const plurals = ['namespaces', 'configmaps', 'pods', 'secrets', 'deployments', 'widgets']
const resources = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom('v1', 'apps/v1', 'example.com/v2'), fc.constantFrom(...plurals))
    .map(([apiVersion, plural]) => resource(apiVersion, plural)),
  { selector: ({ apiVersion, plural }) => `${apiVersion} ${plural}` },
)

/** Every single right that rules give, as `group/resource verb`. */
function granted(rules: Json | undefined): readonly string[] {
  const texts = (rule: Json, key: string) => {
    const list = getIn(rule, [key])
    return isJsonArray(list) ? list.map(String) : []
  }
  return (isJsonArray(rules) ? rules : []).flatMap((rule) =>
    texts(rule, 'apiGroups').flatMap((group) =>
      texts(rule, 'resources').flatMap((one) => texts(rule, 'verbs').map((verb) => `${group}/${one} ${verb}`)),
    ),
  )
}

describe('the rights of an account', () => {
  const rulesOf = (list: readonly Resource[], kind: string, hasApplications = false) => {
    const account = { fleet: 'prod', cluster: 'eu', rights: leastRights(list, hasApplications), admin: false }
    return granted(accountManifests(account).find((one) => one.kind === kind)?.rules as Json)
  }

  it('are all that each kind takes and not one more, whatever kinds there are, and none twice', () => {
    fc.assert(
      fc.property(resources, fc.boolean(), (list, hasApplications) => {
        const always = applyVerbs.map((verb) => `/namespaces ${verb}`)
        const applied = list.flatMap(({ apiVersion, plural }) =>
          applyVerbs.map((verb) => `${apiVersion === 'v1' ? '' : apiVersion.split('/')[0]}/${plural} ${verb}`),
        )
        const traffic = [
          ...['get', 'list', 'watch', 'patch'].map((verb) => `/pods ${verb}`),
          ...['get', 'list', 'watch'].map((verb) => `discovery.k8s.io/endpointslices ${verb}`),
        ]
        const wanted = new Set([
          ...[...always, ...applied, '/configmaps list', '/configmaps watch', '/pods list'],
          ...(hasApplications ? traffic : []),
        ])
        const found = rulesOf(list, 'ClusterRole', hasApplications)
        assert.deepEqual([...found].sort(), [...wanted].sort())
      }),
    )
  })

  it('over the inventory end with its namespace, and change nothing of Secrets but the key', () => {
    assert.deepEqual(rulesOf([], 'Role'), [
      ...['get', 'list', 'watch', 'create', 'update', 'delete'].map((verb) => `/configmaps ${verb}`),
      ...['get', 'create', 'delete'].map((verb) => `/secrets ${verb}`),
    ])
    assert.deepEqual(
      rulesOf([], 'ClusterRole').filter((right) => right.includes('secrets')),
      [],
    )
  })

  it('never hold a wildcard, and roles are bound to nobody but the account', () => {
    const manifests = accountManifests({ fleet: 'prod', cluster: 'eu', rights: leastRights([], true), admin: false })
    assert.doesNotMatch(JSON.stringify(manifests), /\*|cluster-admin|escalate|impersonate/)
    for (const binding of manifests.filter(({ kind }) => kind.endsWith('Binding')))
      assert.deepEqual(binding.subjects, [
        { kind: 'ServiceAccount', name: 'flotilla-prod-member', namespace: 'flotilla-system' },
      ])
  })
})

describe('the kinds that a cluster needs rights for', () => {
  it('are those that the fleet places there by the labels that the cluster is going to have', async () => {
    const fleet = testFleet()
    try {
      fleet.write('workloads/all.yaml', federated('Service', 'web', '{spec: {ports: [{port: 80}]}}'))
      fleet.write(
        'workloads/prod.yaml',
        federated('Secret', 'web', '{data: {}}').replace(
          '{clusterSelector: {}}',
          '{clusterSelector: {matchLabels: {env: prod}}}',
        ),
      )
      const { source } = await readFleet(fleet.folder)
      const kindsWith = (labels: { [key: string]: string }) =>
        renderedFor({ ...source, clusters: [newCluster('eu', labels, 'clusters/eu.yaml')] }, 'eu').kinds.map(
          ({ kind }) => kind,
        )
      assert.deepEqual(kindsWith({}), ['Namespace', 'Service'])
      assert.deepEqual(kindsWith({ env: 'prod' }), ['Namespace', 'Secret', 'Service'])
    } finally {
      fleet.remove()
    }
  })

  it('are those of traffic where an object of an application is placed there, and only there', async () => {
    const fleet = testFleet()
    try {
      const manifest = '{metadata: {annotations: {flotilla.dev/application: shop/web}}, spec: {ports: [{port: 80}]}}'
      fleet.write(
        'workloads/web.yaml',
        federated('Service', 'web', manifest).replace(
          '{clusterSelector: {}}',
          '{clusterSelector: {matchLabels: {env: prod}}}',
        ),
      )
      const { source } = await readFleet(fleet.folder)
      const has = (labels: { [key: string]: string }) =>
        renderedFor({ ...source, clusters: [newCluster('eu', labels, 'clusters/eu.yaml')] }, 'eu').hasApplications
      assert.equal(has({ env: 'prod' }), true)
      assert.equal(has({}), false)
    } finally {
      fleet.remove()
    }
  })

  it('are those, too, of which it still holds objects that are to be deleted', () => {
    const entry = { state: 'created', uid: 'u', oid: 'o', fingerprint: '' } as const
    assert.deepEqual(
      distinct([
        { apiVersion: 'v1', kind: 'Service' },
        ...inventoryKinds([
          { ...entry, subject: 'Service/a/b', apiVersion: 'v1' },
          { ...entry, subject: 'Widget.example.com/a/b', apiVersion: 'example.com/v1' },
        ]),
      ]),
      [
        { apiVersion: 'v1', kind: 'Service' },
        { apiVersion: 'example.com/v1', kind: 'Widget' },
      ],
    )
  })
})

describe("a cluster's document", () => {
  it('fits the schema, holds what is not default, and no credential', () => {
    const cluster = {
      ...newCluster('eu', { 'topology.kubernetes.io/region': 'eu-west' }, 'clusters/eu.yaml'),
      zones: ['a'],
      suspend: true,
      deletionPolicy: 'Delete',
      connection: { type: 'secret', name: 'eu-kubeconfig', key: 'value' },
    } as const
    const document = clusterDocument(cluster)
    clusterSchema.parse(document)
    assert.deepEqual(document, {
      apiVersion: 'flotilla.dev/v1alpha1',
      kind: 'Cluster',
      metadata: { name: 'eu', labels: { 'topology.kubernetes.io/region': 'eu-west' } },
      spec: {
        zones: ['a'],
        suspend: true,
        connection: { secretRef: { name: 'eu-kubeconfig' } },
        deletionPolicy: 'Delete',
      },
    })
  })
})
