import assert from 'node:assert/strict'
import { describeMembers } from '../../testbed/members.ts'
import { configMap, deployment, override, yaml } from './documents.ts'
import { needs, type TestFleet, withFleet } from './harness.ts'
import { configMapsOf, pathOf } from './members.ts'

describeMembers('a commit to the source branch', needs, () => {
  it('moves a workload to other clusters, and git revert takes it back', () =>
    withFleet({}, async (fleet) => {
      place(fleet, ['c1', 'c2'])
      await fleet.push('Run it in c1 and c2')
      const daemon = await fleet.start()
      await daemon.synced()
      assert.deepEqual(await whereItRuns(fleet), [['web'], ['web'], []])

      place(fleet, ['c2', 'c3'])
      const moved = await fleet.push('Move it from c1 to c3')
      await daemon.synced()
      assert.deepEqual(await whereItRuns(fleet), [[], ['web'], ['web']])

      await fleet.people.git('revert', '--no-edit', 'HEAD')
      await fleet.people.push()
      await daemon.synced()
      assert.deepEqual(await whereItRuns(fleet), [['web'], ['web'], []])

      const [last, before, first] = fleet.generatedLog()
      assert.match(first ?? '', /^Run it in c1 and c2\n/)
      assert.equal(
        before,
        `Move it from c1 to c3

Rendered from ${moved.slice(0, 7)}.

c1: 2 removed
  - Namespace/${fleet.ns}
  - ConfigMap/${fleet.ns}/web
c3: 2 added
  + Namespace/${fleet.ns}
  + ConfigMap/${fleet.ns}/web

Source-Commit: ${moved}
Reason: source
Renderer: flotilla test`,
      )
      assert.match(last ?? '', /^Revert "Move it from c1 to c3"\n/)
    }))

  it('changes what one cluster runs by an override, and touches no other', () =>
    withFleet({}, async (fleet) => {
      const clusters = fleet.members.map(({ name }) => name)
      fleet.people.write('web.yaml', yaml(deployment(fleet.ns, 'web', 2, { clusters })))
      await fleet.push('Run web')
      const daemon = await fleet.start()
      await daemon.applied()
      const path = pathOf.deployment(fleet.ns, 'web')
      const versions = await valuesOf(fleet, path, ['metadata', 'resourceVersion'])

      const overrides = [override('c2', '/spec/replicas', 5)]
      fleet.people.write('web.yaml', yaml(deployment(fleet.ns, 'web', 2, { clusters, overrides })))
      await fleet.push('More of web in c2')
      await daemon.applied()

      assert.deepEqual(await valuesOf(fleet, path, ['spec', 'replicas']), [2, 5, 2])
      const now = await valuesOf(fleet, path, ['metadata', 'resourceVersion'])
      assert.deepEqual(
        now.map((version, i) => version === versions[i]),
        [true, false, true],
      )
      assert.match(fleet.generatedLog()[0] ?? '', /c2: 1 changed\n {2}~ Deployment\.apps\/\S+\/web\n/)
    }))

  it('that changes no object makes no commit on the generated branch and sends nothing', () =>
    withFleet({}, async (fleet) => {
      place(fleet, ['c1'])
      const first = await fleet.push('Run it')
      const daemon = await fleet.start()
      await daemon.synced()
      const tip = fleet.generatedTip()

      fleet.people.write('README.md', 'Hello\n')
      const second = await fleet.push('Say hello')
      const status = await daemon.synced()

      assert.notEqual(first, second)
      assert.equal(status.source.commit, second)
      assert.equal(fleet.generatedTip(), tip)
    }))

  it('with one document in error holds that workload, says where, and lets the rest go on', () =>
    withFleet({}, async (fleet) => {
      const of = (name: string, value: string, clusters: readonly string[]) =>
        yaml(configMap(fleet.ns, name, { value }, { clusters }))
      fleet.people.write('good.yaml', of('good', 'one', ['c1', 'c2']))
      fleet.people.write('bad.yaml', of('bad', 'one', ['c1', 'c2']))
      fleet.people.write('garbled.yaml', of('garbled', 'one', ['c3']))
      await fleet.push('Three good ones')
      const daemon = await fleet.start()
      await daemon.synced()

      fleet.people.write('good.yaml', of('good', 'two', ['c1', 'c2', 'c3']))
      fleet.people.write('bad.yaml', of('bad', 'two', ['c1']).replace('placement:', 'plaecment:'))
      fleet.people.write('garbled.yaml', '{ this is: [no YAML\n')
      await fleet.push('One good one and two bad ones')
      const status = await daemon.synced()

      const data = (name: string) => valuesOf(fleet, pathOf.configMap(fleet.ns, name), ['data', 'value'])
      assert.deepEqual(await data('good'), ['two', 'two', 'two'])
      assert.deepEqual(await data('bad'), ['one', 'one', undefined])
      assert.deepEqual(await data('garbled'), [undefined, undefined, 'one'])
      const errors = status.messages.filter(({ severity }) => severity === 'error')
      assert.deepEqual([...new Set(errors.map(({ path }) => path))].sort(), ['bad.yaml', 'garbled.yaml'])
      const bad = errors.find(({ path }) => path === 'bad.yaml')
      assert.ok(bad && bad.line > 1 && /placement/.test(bad.text), JSON.stringify(bad))
    }))

  it('that nothing can be rendered of leaves everything as it is, and the next good one is taken', () =>
    withFleet({}, async (fleet) => {
      place(fleet, ['c1'])
      await fleet.push('Run it')
      const daemon = await fleet.start()
      await daemon.synced()
      const tip = fleet.generatedTip()

      fleet.people.write('flotilla.yaml', 'kind: [\n')
      await fleet.push('Break the Fleet')
      await daemon.sync()
      assert.match(daemon.status().source.problem, /cannot be read/)
      assert.equal(fleet.generatedTip(), tip)
      assert.deepEqual(await whereItRuns(fleet), [['web'], [], []])

      fleet.writeFleet({})
      place(fleet, ['c1', 'c2'])
      await fleet.push('Mend it')
      const status = await daemon.synced()
      assert.equal(status.source.problem, '')
      assert.deepEqual(await whereItRuns(fleet), [['web'], ['web'], []])
    }))
})

function place(fleet: TestFleet, clusters: readonly string[]): void {
  fleet.people.write('web.yaml', yaml(configMap(fleet.ns, 'web', { key: 'value' }, { clusters })))
}

function whereItRuns(fleet: TestFleet): Promise<readonly (readonly string[])[]> {
  return Promise.all(fleet.members.map((member) => configMapsOf(member, fleet.ns, fleet.name)))
}

function valuesOf(fleet: TestFleet, path: string, at: readonly string[]): Promise<readonly unknown[]> {
  return Promise.all(fleet.members.map((member) => member.value(path, at)))
}
