import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describeReal } from '../../testbed/binaries.ts'
import { describeMembers } from '../../testbed/members.ts'
import { configMap, deployment, override, yaml } from '../daemon/documents.ts'
import { needs, withFleet } from '../daemon/harness.ts'
import { createMemoryForge } from './memory-forge.ts'
import { startDesk } from './support.ts'

const article = readFileSync(
  new URL('../../../examples/article/workloads/federated-deployment.yaml', import.meta.url),
  'utf8',
)
const everywhere = { everywhere: true }

describeMembers('plans on pull requests', needs, () => {
  it("plan the article's workload moved to another cluster, and say after the merge that it went as planned", () =>
    withFleet({ clusters: ['cluster1', 'cluster2', 'cluster3'] }, async (fleet) => {
      const inNs = article.replace('namespace: test-namespace', `namespace: ${fleet.ns}`)
      fleet.people.write('web.yaml', inNs)
      await fleet.push('Federate the deployment')
      const desk = await startDesk(fleet)
      fleet.people.write('web.yaml', inNs.replace('- cluster1', '- cluster3'))
      const { number, commit } = await desk.open('move')
      await desk.look()

      const status = desk.forge.status(commit)
      assert.deepEqual(
        [status?.state, status?.description],
        ['success', '2 created, 1 pruned in 3 clusters (2 unchanged).'],
      )
      const [comment = ''] = desk.forge.comments(number)
      const deployed = `Deployment.apps/${fleet.ns}/test-deployment`
      assert.match(comment, new RegExp(`Deletes:.*\\n- ${deployed} in cluster1`))
      assert.match(comment, /cluster1 3 → 0, cluster3 0 → 3 \(3 moved, total stays 8\)/)
      assert.match(comment, new RegExp(`\\| created \\| ${deployed} \\| cluster3 \\|`))
      assert(comment.includes(`onto main ${fleet.git('rev-parse', '--short=7', 'main')}`), comment)
      assert(comment.includes(`upon generated commit ${fleet.git('rev-parse', '--short=7', 'generated')}`), comment)
      assert.match(comment, /Facts of \d{4}-.*3 × v1\.\d+/)

      const merge = await desk.merge(commit, number)
      await desk.daemon.applied()
      await desk.look()
      const [after = ''] = desk.forge.comments(number)
      assert.match(after, new RegExp(`Merged as ${merge.slice(0, 7)}, generated as \\w{7}: \\*\\*as planned\\*\\*`))
      assert.equal(desk.forge.comments(number).length, 1)
    }))

  it('fail for errors in the head with file and line, for deletions over the budget, for conflicts, for refusals', () =>
    withFleet({ clusters: ['c1', 'c2'], spec: { budget: { maxDeletedObjects: 1 } } }, async (fleet) => {
      const { ns, people } = fleet
      for (const name of ['a', 'b', 'c'])
        people.write(`${name}.yaml`, yaml(configMap(ns, name, { v: '1' }, everywhere)))
      await fleet.push('Begin')
      const desk = await startDesk(fleet)

      people.write(
        'web.yaml',
        yaml(deployment(ns, 'web', 2, { ...everywhere, overrides: [override('c1', '/spec/nowhere/deep', 4)] })),
      )
      const broken = await desk.open('broken')
      people.remove('a.yaml')
      people.remove('b.yaml')
      const deleting = await desk.open('deleting')
      people.write('c.yaml', yaml(configMap(ns, 'c', { v: 'theirs' }, everywhere)))
      const conflicting = await desk.open('conflicting')
      people.write('d.yaml', yaml(configMap(ns, 'd', { 'not a key': '1' }, everywhere)))
      const refused = await desk.open('refused')
      people.write('c.yaml', yaml(configMap(ns, 'c', { v: 'ours' }, everywhere)))
      await fleet.push('Change c')
      await desk.daemon.applied()
      await desk.look()

      const of = ({ commit }: { commit: string }) => desk.forge.status(commit)
      assert.equal(of(broken)?.state, 'failure')
      assert.match(of(broken)?.description ?? '', /^1 error: web\.yaml:\d+: /)
      const [annotation] = desk.forge.annotations(broken.commit)
      assert.deepEqual([annotation?.path, annotation?.severity], ['web.yaml', 'error'])
      assert((annotation?.line ?? 0) > 1)
      assert.match(desk.forge.comments(broken.number)[0] ?? '', /web\.yaml:\d+/)

      assert.equal(of(deleting)?.state, 'failure')
      const digest = /Flotilla-Allow-Delete: (\w{12})/.exec(of(deleting)?.description ?? '')?.[1]
      assert(digest, of(deleting)?.description)

      assert.deepEqual(
        [of(conflicting)?.state, of(conflicting)?.description],
        ['failure', 'does not merge; conflicts in c.yaml'],
      )
      assert.equal(of(refused)?.state, 'failure')
      assert.match(of(refused)?.description ?? '', new RegExp(`2 objects would fail: ConfigMap/${ns}/d: .*not a key`))

      await people.git('checkout', '-q', 'deleting')
      const allowed = await people.commit(`Delete them\n\nFlotilla-Allow-Delete: ${digest}`)
      await people.git('push', '-q', 'origin', 'deleting')
      await people.git('checkout', '-q', 'main')
      desk.forge.change(deleting.number, { head: { commit: allowed, branch: 'deleting' } })
      await desk.look()
      assert.deepEqual([of({ commit: allowed })?.state], ['success'], of({ commit: allowed })?.description)
      assert.equal(fleet.generatedLog().length, 2, 'planning generates nothing')
    }))

  it('fail nothing for a cluster that gives no answer, nor for what was wrong before', () =>
    withFleet({ clusters: ['c1', 'c2'] }, async (fleet) => {
      const { ns, people } = fleet
      people.write('a.yaml', yaml(configMap(ns, 'a', { v: '1' }, everywhere)))
      people.write('wrong.yaml', yaml(configMap(ns, 'wrong', { 'not a key': '1' }, everywhere)))
      people.write('bad.yaml', 'kind: [')
      await fleet.push('Begin')
      const forge = createMemoryForge()
      const desk = await startDesk(fleet, {}, forge, (daemon) => daemon.sync())
      fleet.member('c2').gate.setOpen(false)
      people.write('a.yaml', yaml(configMap(ns, 'a', { v: '2' }, everywhere)))
      const { commit, number } = await desk.open('change')
      await desk.look()
      assert.equal(forge.status(commit)?.state, 'success', forge.status(commit)?.description)
      assert.match(forge.status(commit)?.description ?? '', /1 cluster not compared/)
      assert.match(forge.comments(number)[0] ?? '', /c2 could not be asked and waits/)
    }))

  it('are made anew only when something that they read has changed, and edit their one comment', () =>
    withFleet({ clusters: ['c1'] }, async (fleet) => {
      const { ns, people } = fleet
      people.write('a.yaml', yaml(configMap(ns, 'a', { v: '1' }, everywhere)))
      await fleet.push('Begin')
      const desk = await startDesk(fleet)
      await desk.daemon.synced()
      people.write('a.yaml', yaml(configMap(ns, 'a', { v: '2' }, everywhere)))
      const { number, commit } = await desk.open('change')
      await desk.look()
      for (let i = 0; i < 3; i++) {
        await desk.daemon.sync()
        await desk.look(number)
      }
      assert.equal(desk.counted.get('success'), 1)
      assert.equal(desk.forge.writes(number), 1)

      await people.git('checkout', '-q', 'change')
      people.write('b.yaml', yaml(configMap(ns, 'b', { v: '2' }, everywhere)))
      const next = await people.commit('More')
      await people.git('push', '-q', 'origin', 'change')
      await people.git('checkout', '-q', 'main')
      desk.forge.change(number, { head: { commit: next, branch: 'change' } })
      await desk.look()
      assert.equal(desk.counted.get('success'), 2)
      assert.equal(desk.forge.comments(number).length, 1)
      assert.match(desk.forge.status(next)?.description ?? '', /1 created, 1 configured/)
      assert.match(desk.forge.status(commit)?.description ?? '', /1 configured/)
    }))
})

describeReal('plans on pull requests as another account', needs, function () {
  this.timeout(60_000)
  it('ask clusters as the service account that the merged Fleet names, whatever the head names', () =>
    withFleet(
      { clusters: ['c1'], spec: { forge: { plan: { serviceAccountName: 'flotilla-system/planner' } } } },
      async (fleet) => {
        const { ns, people } = fleet
        people.write('a.yaml', yaml(configMap(ns, 'a', { v: '1' }, everywhere)))
        await fleet.push('Begin')
        const desk = await startDesk(fleet)
        fleet.writeFleet({ forge: { plan: { serviceAccountName: 'kube-system/admin' } } })
        people.write('a.yaml', yaml(configMap(ns, 'a', { v: '2' }, everywhere)))
        const { commit } = await desk.open('change')
        await desk.look()
        // That account may do nothing, so the server refuses.
        assert.equal(desk.forge.status(commit)?.state, 'failure')
        assert.match(
          desk.forge.status(commit)?.description ?? '',
          /system:serviceaccount:flotilla-system:planner.* cannot patch/,
        )
      },
    ))
})
