import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describeMembers } from '../../testbed/members.ts'
import { needs, withFleet } from './harness.ts'
import { pathOf } from './members.ts'

const article = (name: string) =>
  readFileSync(new URL(`../../../examples/article/workloads/${name}`, import.meta.url), 'utf8')

describeMembers("the article's manifests, from Git to real clusters", needs, () => {
  it('run 3 replicas in one cluster and the 5 of its override in the other', () =>
    withFleet({ clusters: ['cluster1', 'cluster2', 'cluster3'], namespaces: ['test-namespace'] }, async (fleet) => {
      fleet.people.write('federated-deployment.yaml', article('federated-deployment.yaml'))
      await fleet.push('Federate the deployment')
      const daemon = await fleet.start()
      await daemon.applied()
      const path = pathOf.deployment('test-namespace', 'test-deployment')
      const replicas = await Promise.all(fleet.members.map((member) => member.value(path, ['spec', 'replicas'])))
      assert.deepEqual(replicas, [3, 5, undefined])
    }))

  it('divide 9 replicas over clusters A and B by their weights, 3 and 6, with none in a cluster that is not named', () =>
    withFleet({ clusters: ['A', 'B', 'c3'], namespaces: ['test-ns'] }, async (fleet) => {
      const inTestNs = article('federated-deployment.yaml').replace('namespace: test-namespace', 'namespace: test-ns')
      fleet.people.write('federated-deployment.yaml', inTestNs)
      fleet.people.write('preference.yaml', article('preference.yaml'))
      await fleet.push('Divide the replicas')
      const daemon = await fleet.start()
      await daemon.applied()
      const path = pathOf.deployment('test-ns', 'test-deployment')
      const replicas = await Promise.all(fleet.members.map((member) => member.value(path, ['spec', 'replicas'])))
      assert.deepEqual(replicas, [3, 6, 0])
    }))
})
