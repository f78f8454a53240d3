import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describeAccess } from '../../reconciler/member/credentials.ts'
import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { formatMessage } from '../../repo-layout/message.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'
import { memoryTree } from '../repo-layout/memory-tree.ts'

const text = readFileSync(new URL('../../docs/clusters.md', import.meta.url), 'utf8')

/** The YAML of the page by the comment in its first line. */
const examples = Object.fromEntries(
  [...text.matchAll(/^```yaml\n# (.+)\n((?:.*\n)*?)```$/gm)].map(([, name = '', body = '']) => [name, body]),
)

const files = Object.fromEntries(Object.entries(examples).filter(([name]) => !name.startsWith('secret: ')))

async function readClusters(): Promise<ReadonlyMap<string, MemberCluster>> {
  const fleet = 'apiVersion: flotilla.dev/v1alpha1\nkind: Fleet\nmetadata: {name: test}\n'
  const { source, messages } = await createFleetReader().read(memoryTree({ 'flotilla.yaml': fleet, ...files }))
  assert.deepEqual(messages.map(formatMessage), [])
  return new Map(source?.clusters.map((cluster) => [cluster.name, cluster]))
}

const usual = {
  labels: {},
  region: undefined,
  zones: [],
  capabilities: [],
  suspend: false,
  apply: 'Push',
  connection: undefined,
  proxyURL: '',
  serviceAccountName: '',
  deletionPolicy: 'Orphan',
}

/** What each example differs in from a cluster that says nothing but its name. */
const expected: Readonly<Record<string, Partial<MemberCluster>>> = {
  'eu-1': {},
  'eu-2': {
    labels: { env: 'prod', 'topology.kubernetes.io/region': 'eu-west-1' },
    region: 'eu-west-1',
    connection: { type: 'secret', name: 'eu-2-kubeconfig', key: 'value' },
  },
  lab: { connection: { type: 'file', path: '/etc/flotilla/kubeconfigs/lab', context: 'admin' } },
  here: { connection: { type: 'inCluster' } },
  edge: {
    connection: { type: 'secret', name: 'edge-kubeconfig', key: 'value' },
    proxyURL: 'socks5://bastion.example.com:1080',
    serviceAccountName: 'flotilla-system/deployer',
  },
  cluster1: {
    labels: { env: 'prod' },
    connection: {
      type: 'kubefed',
      apiEndpoint: 'https://10.0.0.1:6443',
      caBundle: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t',
      secretName: 'cluster1-x7k2p',
      disabledTLSValidations: [],
    },
  },
  cluster2: {
    connection: {
      type: 'kubefed',
      apiEndpoint: 'https://10.0.0.2:6443',
      caBundle: undefined,
      secretName: 'cluster2-token',
      disabledTLSValidations: [],
    },
  },
  'kube-eu': {
    region: 'eu-west',
    capabilities: ['gpu'],
    scheduler: { weight: 50, unschedulable: false, identity: 'kube-eu' },
    connection: { type: 'shipper', apiMaster: 'https://kube-eu.example.com', secretName: 'kube-eu' },
  },
  'eu-3': { apply: 'External', suspend: true },
}

describe('docs/clusters.md', () => {
  it('shows every inventory without a message, and no cluster that this test does not know', async () => {
    assert.deepEqual([...(await readClusters()).keys()].sort(), Object.keys(expected).sort())
  })

  for (const [name, different] of Object.entries(expected)) {
    it(`${name} is reached and treated as the page says`, async () => {
      const cluster = (await readClusters()).get(name)
      const scheduler = { weight: 100, unschedulable: false, identity: name }
      assert.deepEqual(cluster, { name, path: `clusters/${name}.yaml`, ...usual, scheduler, ...different })
    })
  }

  it('the Secret of a KubeFedCluster is read by the keys that the page names', async () => {
    const cluster = (await readClusters()).get('cluster1')
    assert.ok(cluster)
    const parsed = parseYaml(examples['secret: cluster1-x7k2p'] ?? '')
    assert.ok(parsed.type === 'documents')
    const [document] = parsed.documents
    const { stringData } = (document?.value ?? {}) as { stringData: { [key: string]: string } }
    const clock = { now: () => 0 } as Parameters<typeof describeAccess>[1]['clock']
    const open = async (secret: { [key: string]: string }) =>
      (await describeAccess(cluster, { readSecret: async () => secret, clock })).load().access()
    const access = await open(stringData)
    assert.equal(access.server, 'https://10.0.0.1:6443')
    assert.deepEqual(access.headers, { authorization: 'Bearer a-token' })
    assert.equal(String(access.ca), '-----BEGIN CERTIFICATE-----')
    await assert.rejects(open({ ...stringData, server: 'https://elsewhere:6443' }), /is for https:\/\/elsewhere:6443/)
    const certificate = await open({ 'tls.crt': 'CERT', 'tls.key': 'KEY', 'tls.ca': 'CA' })
    assert.deepEqual([certificate.cert, certificate.key], ['CERT', 'KEY'])
  })
})
