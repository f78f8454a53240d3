import assert from 'node:assert/strict'
import { formatClusterRecord, parseClusterRecord } from '../../render/clusters.ts'
import type { Connection, MemberCluster } from '../../repo-layout/cluster.ts'
import { treeDigest } from '../../repo-layout/generated/oid.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import { federated, fleet, type Rendered, renderSources } from './helper.ts'

const connections: readonly (Connection | undefined)[] = [
  undefined,
  { type: 'secret', name: 'eu-1-kubeconfig', key: 'value' },
  { type: 'file', path: '/etc/kube/config', context: 'eu' },
  { type: 'file', path: '/etc/kube/config', context: undefined },
  { type: 'inCluster' },
  { type: 'kubefed', apiEndpoint: 'https://a', caBundle: 'eA==', secretName: 's', disabledTLSValidations: ['*'] },
  { type: 'shipper', apiMaster: 'https://a', secretName: 's' },
]

describe('the record of a cluster', () => {
  for (const connection of connections)
    it(`is read back with its connection: ${connection ? connection.type : 'none'}`, () => {
      for (const leaving of [false, true]) {
        const cluster = member({
          connection,
          deletionPolicy: 'Delete',
          proxyURL: 'http://p',
          serviceAccountName: 'n/s',
        })
        const text = formatClusterRecord(cluster, leaving).text ?? ''
        assert.deepEqual(parseClusterRecord(text), { cluster, leaving })
      }
    })

  it('is read back with suspend, so that a cluster whose document is in error is still left alone', () => {
    const cluster = member({ suspend: true, apply: 'External' })
    assert.deepEqual(parseClusterRecord(formatClusterRecord(cluster).text ?? ''), { cluster, leaving: false })
  })

  it('is none where the text is something else', () => {
    for (const text of ['', 'kind: ReplicaDecision\n', '[', 'kind: ClusterRecord\nmetadata: {name: a}\n'])
      assert.equal(parseClusterRecord(text), undefined)
  })
})

describe('a cluster that has left the inventory', () => {
  const record = 'decisions/clusters/b.yaml'

  it('leaves nothing behind in the tree where its objects stay in it', async () => {
    assert.deepEqual(pathsOfB(await left('Orphan')), [])
  })

  it('keeps a record with deletionPolicy Delete, and no files, until it is seen to be empty', async () => {
    const once = await left('Delete')
    assert.deepEqual(pathsOfB(once), [record])
    assert.match(once.files?.get(record) ?? '', /\n {2}leaving: true\n/)

    const unknown = await renderSources(without, { previous: once })
    assert.deepEqual(pathsOfB(unknown), [record])
    const full = { clusters: { b: { reachable: true, applied: { tree: 'sha256:of-something' } } } } as const
    assert.deepEqual(pathsOfB(await renderSources(without, { previous: once, observations: full })), [record])
    const empty = { clusters: { b: { reachable: true, applied: { tree: treeDigest([]) } } } } as const
    assert.deepEqual(pathsOfB(await renderSources(without, { previous: once, observations: empty })), [])
  })

  it('that was empty before is not forgotten before it was told to go', async () => {
    const empty = { clusters: { b: { reachable: true, applied: { tree: treeDigest([]) } } } } as const
    const previous = await renderSources(sources('Delete'))
    assert.deepEqual(pathsOfB(await renderSources(without, { previous, observations: empty })), [record])
  })

  it('and comes back is a member as before', async () => {
    const leaving = await left('Delete')
    const back = await renderSources(sources('Delete'), { previous: leaving })
    assert.deepEqual(back.files, (await renderSources(sources('Delete'))).files)
  })

  async function left(deletionPolicy: string): Promise<Rendered> {
    return renderSources(without, { previous: await renderSources(sources(deletionPolicy)) })
  }
})

const app = federated('ConfigMap', 'app', { template: { data: { a: '1' } }, placement: { clusterSelector: {} } })
const without = { 'flotilla.yaml': fleet, 'a.yaml': inventory('a', 'Orphan'), 'app.yaml': app }

function sources(deletionPolicy: string) {
  return { ...without, 'b.yaml': inventory('b', deletionPolicy) }
}

function inventory(name: string, deletionPolicy: string): string {
  const spec = { deletionPolicy, connection: { secretRef: { name } } }
  return stringifyYaml({ apiVersion: 'flotilla.dev/v1alpha1', kind: 'Cluster', metadata: { name }, spec })
}

function pathsOfB({ files }: Rendered): readonly string[] {
  return [...(files?.keys() ?? [])].filter((path) => path.startsWith('clusters/b/') || path.includes('/b.yaml'))
}

function member(more: Partial<MemberCluster>): MemberCluster {
  return {
    ...{ name: 'eu-1', labels: {}, region: undefined, zones: [], capabilities: [], suspend: false, apply: 'Push' },
    ...{ connection: undefined, proxyURL: '', serviceAccountName: '', deletionPolicy: 'Orphan', path: 'c.yaml' },
    scheduler: { weight: 100, unschedulable: false, identity: 'eu-1' },
    ...more,
  }
}
