import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parseDecision } from '../../../render/kubefed/decision.ts'
import type { JsonObject } from '../../../repo-layout/json.ts'
import { describeMembers } from '../../testbed/members.ts'
import { configMap, deployment, override, preference, yaml } from '../daemon/documents.ts'
import { needs, type TestFleet, withFleet } from '../daemon/harness.ts'
import { pathOf } from '../daemon/members.ts'
import { askPlan, clusterOf, objectOf, planOf, told } from './fleet.ts'

const article = readFileSync(
  new URL('../../../examples/article/workloads/federated-deployment.yaml', import.meta.url),
  'utf8',
)

/** What the daemons and plans of all tests have written to a cluster since a place in its audit log. */
function writesSince(fleet: TestFleet, from: ReadonlyMap<string, number>): readonly string[] {
  return fleet.members.flatMap(({ name, plane }) =>
    plane
      .auditEntries()
      .slice(from.get(name) ?? 0)
      .filter(({ userAgent, stage }) => userAgent === 'flotilla' && stage === 'ResponseComplete')
      .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
      .filter((line) => !/^(get|list|watch) /.test(line)),
  )
}

describeMembers('a plan of a fleet', needs, () => {
  it("of the article's workload moved to another cluster: one removed, one added, and the replicas that move", () =>
    withFleet({ clusters: ['cluster1', 'cluster2', 'cluster3'] }, async (fleet) => {
      const inNs = article.replace('namespace: test-namespace', `namespace: ${fleet.ns}`)
      const subject = `Deployment.apps/${fleet.ns}/test-deployment`
      fleet.people.write('web.yaml', inNs)
      await fleet.push('Federate the deployment')
      const daemon = await fleet.start()
      await daemon.applied()
      const still = await planOf(fleet)
      assert.equal(still.summary.changes, false)
      assert.equal(still.summary.unchanged, 4)

      fleet.people.write('web.yaml', inNs.replace('- cluster1', '- cluster3'))
      const plan = await planOf(fleet, { source: fleet.people.folder })
      assert.deepEqual(told(plan, 'cluster1'), [`pruned ${subject}`, `skipped (kept) Namespace/${fleet.ns}`])
      assert.deepEqual(told(plan, 'cluster2'), [])
      assert.deepEqual(told(plan, 'cluster3'), [`created (untried) ${subject}`, `created Namespace/${fleet.ns}`])
      assert.deepEqual(plan.moves, [
        {
          subject,
          clusters: [
            { cluster: 'cluster1', before: 3, after: 0 },
            { cluster: 'cluster3', before: 0, after: 3 },
          ],
          before: 8,
          after: 8,
        },
      ])
      assert.deepEqual([plan.deletions.objects, plan.deletions.verdict], [1, 'within'])
      assert.equal(plan.head.commit, undefined, 'a folder is no commit')
    }))

  it('says of each object what a run then does, and writes nothing itself', () =>
    withFleet({ clusters: ['c1'] }, async (fleet) => {
      const { ns } = fleet
      const member = fleet.member('c1')
      const everywhere = { everywhere: true }
      const write = (name: string, data: { [key: string]: string }, more = {}) =>
        fleet.people.write(`${name}.yaml`, yaml(configMap(ns, name, data, { ...everywhere, ...more })))
      write('changed', { a: '1', dropped: 'x' })
      write('gone', { a: '1' })
      write('protected', { a: '1' }, { annotations: { 'flotilla.dev/prune': 'false' } })
      write('drifted', { a: '1' })
      write('same', { a: '1' })
      fleet.people.write('web.yaml', yaml(deployment(ns, 'web', 2, everywhere)))
      const existing = (name: string, a: string) =>
        member.send('POST', `/api/v1/namespaces/${ns}/configmaps?fieldManager=kubectl-create`, {
          ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a } },
        })
      await fleet.push('Begin')
      const first = await fleet.start()
      await first.applied()
      await existing('released', '1')
      write('released', { a: '1' })
      await fleet.push('Adopt one')
      await first.applied()
      await first.stop()

      await existing('adopted', '1')
      await existing('theirs', '2')
      await member.send('PATCH', pathOf.configMap(ns, 'drifted'), { data: { a: 'by hand' } })
      write('changed', { a: '2' })
      write('new', { a: '1' })
      write('adopted', { a: '1' })
      write('theirs', { a: '1' })
      write('refused', { 'not a key': '1' })
      for (const name of ['gone', 'protected', 'released']) fleet.people.remove(`${name}.yaml`)
      fleet.people.write(
        'web.yaml',
        yaml(deployment(ns, 'web', 2, { ...everywhere, overrides: [override('c1', '/spec/replicas', 4)] })),
      )
      await fleet.push('Change everything')

      const from = new Map([['c1', member.plane.auditEntries().length]])
      const plan = await planOf(fleet)
      assert.deepEqual(
        writesSince(fleet, from).filter((line) => !/^patch .*[?&]dryRun=All/.test(line)),
        [],
      )
      assert.equal(fleet.git('rev-parse', 'generated'), plan.generated.commit, 'nothing is generated')
      assert.deepEqual(
        told(plan, 'c1'),
        [
          `configured ConfigMap/${ns}/changed`,
          `configured (healed) ConfigMap/${ns}/drifted`,
          `pruned ConfigMap/${ns}/gone`,
          `created ConfigMap/${ns}/new`,
          `skipped (kept) ConfigMap/${ns}/protected`,
          `failed ConfigMap/${ns}/refused`,
          `pruned (released) ConfigMap/${ns}/released`,
          `skipped (left alone) ConfigMap/${ns}/theirs`,
          `configured (adopted) ConfigMap/${ns}/adopted`,
          `configured Deployment.apps/${ns}/web`,
        ].sort((a, b) => (a.slice(a.lastIndexOf(' ')) < b.slice(b.lastIndexOf(' ')) ? -1 : 1)),
      )
      const fields = (name: string) =>
        objectOf(plan, 'c1', name)?.fields.map(({ path, live, wanted }) => [path, live, wanted])
      assert.deepEqual(fields(`ConfigMap/${ns}/changed`), [
        ['/data/a', '1', '2'],
        ['/data/dropped', 'x', undefined],
      ])
      assert.deepEqual(fields(`ConfigMap/${ns}/drifted`), [['/data/a', 'by hand', '1']])
      assert.deepEqual(fields(`Deployment.apps/${ns}/web`), [['/spec/replicas', 2, 4]])
      assert.deepEqual(fields(`ConfigMap/${ns}/adopted`), [], 'our own marks are no difference')
      assert.match(
        objectOf(plan, 'c1', `ConfigMap/${ns}/theirs`)?.why ?? '',
        /differs in \/data\/a .*flotilla.dev\/adopt: Always/,
      )
      assert.match(objectOf(plan, 'c1', `ConfigMap/${ns}/refused`)?.why ?? '', /not a key/)

      const second = await fleet.start()
      await second.sync()
      await second.settled()
      const objects = new Map(second.status().clusters[0]?.objects.map((object) => [object.subject, object]))
      for (const { subject, action, how, why } of clusterOf(plan, 'c1').objects) {
        const done = objects.get(subject)
        assert.equal(done?.action, action, `${subject} as planned`)
        if (how === 'left alone' || action === 'failed') assert.equal(done?.message, why, 'for the same reason')
      }
      assert.equal((await planOf(fleet)).summary.changes, false, 'and then there is nothing left to do')
    }))

  it('holds deletions back that are over budget, with the digest that lets them go', () =>
    withFleet({ clusters: ['c1', 'c2'], spec: { budget: { maxDeletedObjects: 1 } } }, async (fleet) => {
      for (const name of ['a', 'b'])
        fleet.people.write(`${name}.yaml`, yaml(configMap(fleet.ns, name, { k: '1' }, { everywhere: true })))
      await fleet.push('Two objects')
      const daemon = await fleet.start()
      await daemon.synced()
      fleet.people.remove('a.yaml')
      await fleet.push('One object')
      const plan = await planOf(fleet)
      assert.deepEqual(told(plan, 'c1'), [`skipped (held back) ConfigMap/${fleet.ns}/a`])
      assert.deepEqual([plan.deletions.objects, plan.deletions.clusters, plan.deletions.verdict], [2, 2, 'over'])
      assert.equal(plan.summary.changes, false)
      await daemon.sync()
      const problem = await daemon.until(
        ({ generated }) => generated.problem !== '' && generated.problem,
        'the daemon holds them back too',
      )
      assert.equal(problem, plan.deletions.text, 'in the same words, with the same digest')

      await fleet.push(`Let them go\n\nFlotilla-Allow-Delete: ${plan.deletions.digest}`)
      const allowed = await planOf(fleet)
      assert.deepEqual(told(allowed, 'c1'), [`pruned ConfigMap/${fleet.ns}/a`])
      assert.equal(allowed.deletions.verdict, 'within')
    }))

  it('goes on without clusters that are down or hang: they wait, with what changes in their folders', () =>
    withFleet({ clusters: ['c1', 'c2', 'c3'] }, async (fleet) => {
      fleet.people.write('a.yaml', yaml(configMap(fleet.ns, 'a', { k: '1' }, { everywhere: true })))
      await fleet.push('One object')
      const daemon = await fleet.start()
      await daemon.synced()
      await daemon.stop()
      fleet.member('c2').gate.setOpen(false)
      void fleet.member('c3').gate.blockAfter(0)
      fleet.people.write('a.yaml', yaml(configMap(fleet.ns, 'a', { k: '2' }, { everywhere: true })))
      await fleet.push('Change it')
      const plan = await planOf(fleet)
      assert.deepEqual(told(plan, 'c1'), [`configured ConfigMap/${fleet.ns}/a`])
      for (const name of ['c2', 'c3']) {
        const { state, pending, facts } = clusterOf(plan, name)
        assert.deepEqual([state, pending, facts.reachable], ['waits', '1 changed', 'unknown'])
      }
      assert.match(clusterOf(plan, 'c3').note, /no answer within 10 s/)
      assert.equal(plan.summary.waiting, 2)
      fleet.member('c2').gate.setOpen(true)
    }))

  it('says everything that is wrong with the source, with its place, and plans the rest', () =>
    withFleet({ clusters: ['c1'] }, async (fleet) => {
      const broken = configMap(
        fleet.ns,
        'broken',
        { k: '1' },
        { everywhere: true, overrides: [override('c1', '/data/x/y', '1')] },
      )
      fleet.people.write('broken.yaml', yaml(broken))
      fleet.people.write('fine.yaml', yaml(configMap(fleet.ns, 'fine', { k: '1' }, { everywhere: true })))
      await fleet.push('One is broken')
      const plan = await planOf(fleet)
      assert.deepEqual(
        plan.messages.map(({ path, line, severity, code }) => [path, line, severity, code]),
        [['broken.yaml', 17, 'error', 'override-failed']],
      )
      assert.deepEqual(told(plan, 'c1'), [
        `created (untried) ConfigMap/${fleet.ns}/fine`,
        `created Namespace/${fleet.ns}`,
      ])
      fleet.people.write('flotilla.yaml', 'kind: [')
      const result = await askPlan(fleet, { source: fleet.people.folder })
      assert.equal(result.type, 'unreadable')
    }))

  it('of a branch asks only clusters that the base knows, over the connections that stand there', () =>
    withFleet({ clusters: ['c1', 'c2', 'c3'] }, async (fleet) => {
      fleet.people.write('a.yaml', yaml(configMap(fleet.ns, 'a', { k: '1' }, { everywhere: true })))
      fleet.people.remove('clusters/c3.yaml')
      const base = await fleet.push('Two clusters')
      await (await fleet.start()).synced()
      const from = new Map(fleet.members.map(({ name, plane }) => [name, plane.auditEntries().length]))
      fleet.writeCluster('c3')
      fleet.people.write(
        'clusters/c2.yaml',
        yaml({
          apiVersion: 'flotilla.dev/v1alpha1',
          kind: 'Cluster',
          metadata: { name: 'c2' },
          spec: { connection: { kubeConfigFile: { path: fleet.member('c3').kubeconfig } } },
        }),
      )
      const head = await fleet.people.commit('A pull request')
      await fleet.people.git('push', '--quiet', 'origin', 'HEAD:change')
      const plan = await planOf(fleet, { head: 'change' })
      assert.deepEqual([plan.base.commit, plan.head.commit], [base, head])
      assert.deepEqual(
        plan.clusters.map(({ cluster, state }) => [cluster, state]),
        [
          ['c1', 'planned'],
          ['c2', 'planned'],
          ['c3', 'new'],
        ],
      )
      assert.match(clusterOf(plan, 'c3').note, /not in main, and is not asked before it is merged/)
      assert.match(clusterOf(plan, 'c2').note, /its connection changes; it was asked as main says/)
      assert.equal(clusterOf(plan, 'c2').unchanged, 2)
      const { name, plane } = fleet.member('c3')
      const asked = plane
        .auditEntries()
        .slice(from.get(name))
        .filter(({ userAgent }) => userAgent === 'flotilla')
      assert.deepEqual(
        asked.map(({ requestURI }) => requestURI),
        [],
      )
    }))

  it('of an ordinary checkout reads both branches as its remote had them at the last fetch', () =>
    withFleet({ clusters: ['c1'] }, async (fleet) => {
      const write = (value: string) =>
        fleet.people.write('a.yaml', yaml(configMap(fleet.ns, 'a', { k: value }, { everywhere: true })))
      write('1')
      const base = await fleet.push('One object')
      await (await fleet.start()).synced()
      await fleet.people.git('fetch', '--quiet', 'origin')
      write('2')
      await fleet.people.commit('Not pushed yet')
      const { folder } = fleet.people
      const plan = await planOf(fleet, { source: folder }, folder)
      assert.deepEqual([plan.base.commit, plan.generated.commit], [base, fleet.generatedTip()])
      assert.deepEqual(told(plan, 'c1'), [`configured ConfigMap/${fleet.ns}/a`])
      const tip = await planOf(fleet, {}, folder)
      assert.equal(tip.summary.changes, false, 'without a folder it is of what the remote has')
    }))

  it('of a preference tells the replicas that move and the facts that they are divided by, as the run then does', () =>
    withFleet({ clusters: ['c1', 'c2'] }, async (fleet) => {
      const divide = (weight: number) => {
        const clusters = { c1: { weight }, c2: { weight: 1 } }
        fleet.people.write('rsp.yaml', yaml(preference(fleet.ns, 'web', 6, { rebalance: true, clusters })))
      }
      fleet.people.write('web.yaml', yaml(deployment(fleet.ns, 'web', 1, { everywhere: true })))
      divide(1)
      await fleet.push('Divide evenly')
      const daemon = await fleet.start()
      await daemon.applied()
      divide(2)
      await fleet.push('Divide by weight')
      const plan = await planOf(fleet)
      const [move] = plan.moves
      assert.deepEqual(
        move?.clusters.map(({ cluster, before, after }) => [cluster, before, after]),
        [
          ['c1', 3, 4],
          ['c2', 3, 2],
        ],
      )
      await daemon.sync()
      const path = `generated:decisions/replicas/${fleet.ns}/Deployment.apps/web.yaml`
      // What a daemon does not know yet leaves a decision as it is; it decides when it has counted the pods.
      const decision = await daemon.until(() => {
        const found = parseDecision(`${fleet.git('show', path)}\n`)
        return found?.replicas.get('c1') === 4 && found.replicas.get('c2') === 2 && found
      }, 'the daemon divides as planned')
      assert.deepEqual(
        new Map(move?.decision?.clusters.map(({ cluster, current, capacity }) => [cluster, { current, capacity }])),
        decision.facts,
      )
    }))

  it('of a placement that reaches a cluster which runs nothing yet moves replicas there', () =>
    withFleet({ clusters: ['c1', 'c2'] }, async (fleet) => {
      const { ns } = fleet
      const divided = preference(ns, 'web', 6, { rebalance: true, intersectWithClusterSelector: true })
      const write = (...names: readonly string[]) => {
        const selector = { matchExpressions: [{ key: 'site', operator: 'In', values: [...names] }] }
        const web = deployment(ns, 'web', 1, {})
        const spec = { ...(web.spec as JsonObject), placement: { clusterSelector: selector } }
        fleet.people.write('web.yaml', yaml({ ...web, spec }, divided))
      }
      for (const name of ['c1', 'c2']) {
        const file = readFileSync(`${fleet.people.folder}/clusters/${name}.yaml`, 'utf8')
        fleet.people.write(
          `clusters/${name}.yaml`,
          file.replace(`name: ${name}\n`, `name: ${name}\n  labels: { site: ${name} }\n`),
        )
      }
      write('c1')
      await fleet.push('Run web in c1')
      const daemon = await fleet.start()
      await daemon.applied()
      write('c1', 'c2')
      const plan = await planOf(fleet, { source: fleet.people.folder })
      const changes = plan.moves.map(({ clusters }) => clusters.map((one) => [one.cluster, one.before, one.after]))
      assert.deepEqual(changes, [
        [
          ['c1', 6, 3],
          ['c2', 0, 3],
        ],
      ])
    }))

  it('of clusters that leave says which are let go and which are emptied, within what may leave at a time', () =>
    withFleet({ clusters: ['c1', 'c2', 'c3'], spec: { budget: { maxRemovedClusters: 2 } } }, async (fleet) => {
      fleet.people.write('a.yaml', yaml(configMap(fleet.ns, 'a', { k: '1' }, { everywhere: true })))
      fleet.writeCluster('c3', { deletionPolicy: 'Delete' })
      await fleet.push('Three clusters')
      await (await fleet.start()).synced()
      for (const name of ['c2', 'c3']) fleet.people.remove(`clusters/${name}.yaml`)
      const { folder } = fleet.people
      const plan = await planOf(fleet, { source: folder })
      assert.deepEqual([clusterOf(plan, 'c2').state, told(plan, 'c2')], ['leaves', []])
      assert.match(clusterOf(plan, 'c3').note, /leaves the fleet and is emptied/)
      assert.deepEqual(told(plan, 'c3'), [`pruned ConfigMap/${fleet.ns}/a`, `skipped (kept) Namespace/${fleet.ns}`])
      assert.equal(plan.deletions.objects, 1)

      fleet.people.remove('clusters/c1.yaml')
      const emptied = await planOf(fleet, { source: folder })
      assert.match(
        emptied.notes.join(),
        /left the inventory, which leaves it empty, .*Flotilla-Allow-Delete: [0-9a-f]{12}/,
      )
      assert.equal(emptied.summary.changes, false)
    }))
})
