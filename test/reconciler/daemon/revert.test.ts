import assert from 'node:assert/strict'
import { describeSandbox } from '../../testbed/members.ts'
import { configMap, deployment, override, yaml } from './documents.ts'
import { type RunningDaemon, type TestFleet, withFleet } from './harness.ts'
import { configMapsOf, pathOf } from './members.ts'

const all = ['c1', 'c2', 'c3']

describeSandbox('git revert and a push', () => {
  const changes: readonly (readonly [what: string, change: (fleet: TestFleet) => void])[] = [
    ['a placement', (fleet) => write(fleet, 'a', { clusters: ['c2', 'c3'] })],
    [
      'an override',
      (fleet) => write(fleet, 'a', { clusters: ['c1', 'c2'], overrides: [override('c2', '/data/k', '2')] }),
    ],
    ['a template', (fleet) => write(fleet, 'a', { clusters: ['c1', 'c2'] }, 'new')],
    ['a new workload', (fleet) => write(fleet, 'c', { clusters: all })],
    ['a deletion within the budget', (fleet) => fleet.people.remove('b.yaml')],
  ]
  for (const [what, change] of changes)
    it(`take back ${what}, once and for all, and again what took it back`, () =>
      withFleet({}, async (fleet) => {
        const daemon = await begin(fleet)
        const before = await picture(fleet)
        change(fleet)
        await fleet.push(what)
        await daemon.synced()
        const after = await picture(fleet)
        assert.notDeepEqual(after, before)

        await revert(fleet, 'HEAD')
        await daemon.synced()
        assert.deepEqual(await picture(fleet), before)
        const tip = fleet.generatedTip()
        await daemon.synced()
        assert.equal(fleet.generatedTip(), tip)

        await revert(fleet, 'HEAD')
        await daemon.synced()
        assert.deepEqual(await picture(fleet), after)
      }))

  it('take back a deletion over the budget before it is carried out: nothing was deleted, and nothing is', () =>
    withFleet({ spec: { budget: { maxDeletedObjects: 1, maxDeletedPercent: 100 } } }, async (fleet) => {
      const daemon = await begin(fleet)
      const before = await versions(fleet, 'b')
      fleet.people.remove('b.yaml')
      await fleet.push('Take b out')
      await daemon.sync()
      await daemon.settled()
      await daemon.until(({ generated }) => generated.problem !== '', 'the deletion waits')
      await revert(fleet, 'HEAD')
      const { generated } = await daemon.synced()
      assert.equal(generated.problem, '')
      assert.deepEqual(await versions(fleet, 'b'), before)
    }))

  it('take back a merge with -m 1', () =>
    withFleet({}, async (fleet) => {
      const daemon = await begin(fleet)
      const before = await picture(fleet)
      const { people } = fleet
      await people.git('checkout', '--quiet', '-b', 'feature')
      write(fleet, 'a', { clusters: ['c3'] })
      await people.commit('Move a')
      write(fleet, 'd', { clusters: all })
      await people.commit('Add d')
      await people.git('checkout', '--quiet', 'main')
      await people.git('merge', '--quiet', '--no-ff', '--no-edit', 'feature')
      await people.push()
      await daemon.synced()
      assert.deepEqual((await picture(fleet)).c3, { a: 'old', b: 'old', d: 'old' })

      await people.git('revert', '--no-edit', '-m', '1', 'HEAD')
      await people.push()
      await daemon.synced()
      assert.deepEqual(await picture(fleet), before)
    }))

  it('take back several commits at once, and an older one from under a newer one', () =>
    withFleet({}, async (fleet) => {
      const daemon = await begin(fleet)
      const before = await picture(fleet)
      write(fleet, 'a', { clusters: ['c3'] })
      await fleet.push('Move a')
      await daemon.synced()
      write(fleet, 'b', { clusters: all }, 'new')
      await fleet.push('Change b')
      await daemon.synced()

      await revert(fleet, 'HEAD~1')
      await daemon.synced()
      assert.deepEqual(await picture(fleet), {
        c1: { a: 'old', b: 'new' },
        c2: { a: 'old', b: 'new' },
        c3: { b: 'new' },
      })
      await revert(fleet, 'HEAD')
      await revert(fleet, 'HEAD~4..HEAD')
      await daemon.synced()
      assert.deepEqual(await picture(fleet), before)
    }))

  it('take back replicas that were overridden, though somebody scales by hand meanwhile', () =>
    withFleet({ clusters: ['c1'] }, async (fleet) => {
      const web = (overrides = [override('c1', '/spec/replicas', 5)]) =>
        fleet.people.write('web.yaml', yaml(deployment(fleet.ns, 'web', 2, { clusters: ['c1'], overrides })))
      web([])
      await fleet.push('Run web')
      const daemon = await fleet.start()
      await daemon.applied()
      web()
      await fleet.push('More of it')
      await daemon.applied()
      const path = pathOf.deployment(fleet.ns, 'web')
      await fleet.member('c1').send('PATCH', `${path}?fieldManager=kubectl-scale`, { spec: { replicas: 9 } })
      await revert(fleet, 'HEAD')
      await daemon.applied()
      await daemon.until(async () => (await fleet.member('c1').value(path, ['spec', 'replicas'])) === 2, 'two replicas')
    }))
})

async function begin(fleet: TestFleet): Promise<RunningDaemon> {
  write(fleet, 'a', { clusters: ['c1', 'c2'] })
  write(fleet, 'b', { clusters: all })
  fleet.people.write(
    'stay.yaml',
    yaml(
      ...['s', 't', 'u', 'v', 'w', 'x', 'y', 'z'].map((name) =>
        configMap(fleet.ns, `stay-${name}`, { k: 'old' }, { clusters: all }),
      ),
    ),
  )
  await fleet.push('Begin')
  const daemon = await fleet.start()
  await daemon.synced()
  return daemon
}

function write(fleet: TestFleet, name: string, where: Parameters<typeof configMap>[3], value = 'old'): void {
  fleet.people.write(`${name}.yaml`, yaml(configMap(fleet.ns, name, { k: value }, where)))
}

async function revert(fleet: TestFleet, ...commits: readonly string[]): Promise<void> {
  await fleet.people.git('revert', '--no-edit', ...commits)
  await fleet.people.push()
}

/** What runs, by cluster and name. */
async function picture(fleet: TestFleet): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> {
  const of = async (cluster: string) => {
    const member = fleet.member(cluster)
    const names = (await configMapsOf(member, fleet.ns, fleet.name)).filter((name) => !name.startsWith('stay-'))
    const values = names.map(async (name) => [
      name,
      await member.value(pathOf.configMap(fleet.ns, name), ['data', 'k']),
    ])
    return [cluster, Object.fromEntries(await Promise.all(values))] as const
  }
  return Object.fromEntries(await Promise.all(all.map(of)))
}

function versions(fleet: TestFleet, name: string): Promise<readonly unknown[]> {
  const path = pathOf.configMap(fleet.ns, name)
  return Promise.all(all.map((cluster) => fleet.member(cluster).value(path, ['metadata', 'uid'])))
}
