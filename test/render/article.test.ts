import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { clusters, fleet, renderSources, replicasOf } from './helper.ts'

const read = (name: string) => readFile(new URL(`../fixtures/article/${name}`, import.meta.url), 'utf8')

describe("the article's manifests, to the letter", () => {
  it('the FederatedDeployment gives 3 replicas to cluster1 and 5 to cluster2', async () => {
    const rendered = await renderSources({
      'flotilla.yaml': fleet,
      'clusters.yaml': clusters(['cluster1', 'cluster2', 'cluster3']),
      'a.yaml': await read('federated-deployment.yaml'),
    })
    assert.deepEqual(rendered.lines, [])
    assert.deepEqual(replicasOf(rendered, 'test-deployment', 'test-namespace'), { cluster1: 3, cluster2: 5 })
  })

  it('the preference gives 3 of 9 replicas to A and 6 to B', async () => {
    const deployment = (await read('federated-deployment.yaml')).replace('test-namespace', 'test-ns')
    const rendered = await renderSources({
      'flotilla.yaml': fleet,
      'clusters.yaml': clusters(['A', 'B']),
      'a.yaml': deployment.replaceAll('cluster2', 'B').replaceAll('cluster1', 'A'),
      'preference.yaml': await read('preference.yaml'),
    })
    assert.deepEqual(rendered.lines, [])
    assert.deepEqual(replicasOf(rendered, 'test-deployment', 'test-ns'), { A: 3, B: 6 })
  })

  it('the preference as it stands finds no target in its namespace, and says where one is', async () => {
    const rendered = await renderSources({
      'flotilla.yaml': fleet,
      'clusters.yaml': clusters(['cluster1', 'cluster2', 'A', 'B']),
      'a.yaml': await read('federated-deployment.yaml'),
      'preference.yaml': await read('preference.yaml'),
    })
    assert.deepEqual(rendered.lines, [
      'preference.yaml:4:3: warning: no FederatedDeployment test-ns/test-deployment is in this fleet; one of that name exists in test-namespace [preference-target]',
    ])
    assert.deepEqual(replicasOf(rendered, 'test-deployment', 'test-namespace'), { cluster1: 3, cluster2: 5 })
  })
})
