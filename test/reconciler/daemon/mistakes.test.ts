import assert from 'node:assert/strict'
import { readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describeSandbox } from '../../testbed/members.ts'
import { configMap, yaml } from './documents.ts'
import { type RunningDaemon, type TestFleet, withFleet } from './harness.ts'
import { configMapsOf } from './members.ts'

/** What somebody did to a fleet by mistake, and what the daemon then says. */
interface Mistake {
  readonly title: string
  readonly make: (fleet: TestFleet) => void
  readonly shown: RegExp
}

const workload = (fleet: TestFleet, placement: object) => ({
  ...configMap(fleet.ns, 'web', { k: 'v' }, {}),
  spec: { template: { data: { k: 'v' } }, placement: { ...placement } },
})

const mistakes: readonly Mistake[] = [
  {
    title: 'a repository that was emptied, its Fleet with it',
    make: ({ people }) => {
      for (const path of ['flotilla.yaml', 'objects.yaml', 'clusters/c1.yaml', 'clusters/c2.yaml', 'clusters/c3.yaml'])
        people.remove(path)
      people.write('README.md', 'Nothing is left.\n')
    },
    shown: /the fleet cannot be read; what runs stays as it is/,
  },
  {
    title: 'a repository in which only the Fleet is left',
    make: ({ people }) => {
      for (const path of ['objects.yaml', 'clusters/c1.yaml', 'clusters/c2.yaml', 'clusters/c3.yaml'])
        people.remove(path)
    },
    shown: /c1, c2, c3 left the inventory, which leaves it empty, and are kept as before/,
  },
  {
    title: 'all workloads taken away',
    make: ({ people }) => people.remove('objects.yaml'),
    shown: /6 objects in 3 clusters are not deleted: nothing of the fleet would be left/,
  },
  {
    title: 'an inventory that was taken away',
    make: ({ people }) => {
      for (const name of ['c1', 'c2', 'c3']) people.remove(`clusters/${name}.yaml`)
    },
    shown: /c1, c2, c3 left the inventory/,
  },
  {
    title: 'a selector that matches no cluster any more',
    make: (fleet) => {
      const selector = { clusterSelector: { matchLabels: { evn: 'prod' } } }
      fleet.people.write('objects.yaml', yaml(workload(fleet, selector), kept(fleet)))
    },
    shown: /3 objects in 3 clusters are not deleted: the placement of ConfigMap\/\S+\/web selects no cluster/,
  },
  {
    title: 'a placement that names only clusters that do not exist',
    make: (fleet) => {
      fleet.people.write('objects.yaml', yaml(workload(fleet, { clusters: [{ name: 'c-1' }] }), kept(fleet)))
    },
    shown: /3 objects in 3 clusters are not deleted: the placement of ConfigMap\/\S+\/web selects no cluster/,
  },
  {
    title: 'a selector that cannot be read',
    make: (fleet) => {
      const selector = { clusterSelector: { matchExpressions: [{ key: 'env', operator: 'Inn', values: ['prod'] }] } }
      fleet.people.write('objects.yaml', yaml(workload(fleet, selector), kept(fleet)))
    },
    shown: /operator/,
  },
  {
    title: 'a source folder that is not there any more',
    make: (fleet) => {
      fleet.people.remove('objects.yaml')
      fleet.writeFleet({ source: { paths: ['workloads', 'clusters'] } })
    },
    shown: /the fleet cannot be read; what runs stays as it is/,
  },
]

describeSandbox('a mistake that reads like an order to delete', () => {
  for (const { title, make, shown } of mistakes)
    it(`deletes nothing, says so, and is taken back by a revert: ${title}`, () =>
      withFleet({}, async (fleet) => {
        const daemon = await running(fleet)

        make(fleet)
        await fleet.push('A mistake')
        await daemon.sync()
        await daemon.settled()
        await daemon.until((status) => shown.test(everythingSaid(status)), String(shown))
        assert.deepEqual(await names(fleet), [
          ['kept', 'web'],
          ['kept', 'web'],
          ['kept', 'web'],
        ])

        await fleet.people.git('revert', '--no-edit', 'HEAD')
        await fleet.people.push()
        const status = await daemon.synced()
        assert.equal(status.source.problem + status.generated.problem, '')
        assert.deepEqual(await names(fleet), [
          ['kept', 'web'],
          ['kept', 'web'],
          ['kept', 'web'],
        ])
      }))

  it('deletes nothing after a start on a clone that was truncated: it is fetched anew, or said to be broken', () =>
    withFleet({}, async (fleet) => {
      const first = await running(fleet)
      await first.stop()
      const packs = files(join(fleet.folder, 'clone')).filter((path) => path.endsWith('.pack'))
      assert.ok(packs.length > 0)
      for (const path of packs) truncateSync(path, 20)

      const second = await fleet.start()
      await second.sync()
      await second.settled()

      assert.deepEqual(await names(fleet), [
        ['kept', 'web'],
        ['kept', 'web'],
        ['kept', 'web'],
      ])
      const { source, generated, sync } = second.status()
      assert.ok(sync === 'synced' || source.problem + generated.problem !== '', 'it works, or says why it does not')
    }))

  it('lets a workload that selects nothing go by the trailer with its digest, also from a merged branch', () =>
    withFleet({}, async (fleet) => {
      const daemon = await running(fleet)
      const selector = { clusterSelector: { matchLabels: { evn: 'prod' } } }
      fleet.people.write('objects.yaml', yaml(workload(fleet, selector), kept(fleet)))
      await fleet.push('Select nothing')
      await daemon.sync()
      await daemon.settled()
      const digest = await daemon.until(
        ({ generated }) => /Flotilla-Allow-Delete: ([0-9a-f]{12})/.exec(generated.problem)?.[1],
        'the deletion is held back',
      )

      const { git } = fleet.people
      await git('checkout', '--quiet', '-b', 'allow')
      await git('commit', '--quiet', '--allow-empty', '-m', `Allow it\n\nFlotilla-Allow-Delete: ${digest}`)
      await git('checkout', '--quiet', 'main')
      await git('merge', '--quiet', '--no-ff', '--no-edit', 'allow')
      await fleet.people.push()
      const status = await daemon.synced()

      assert.equal(status.generated.problem, '')
      assert.deepEqual(await names(fleet), [['kept'], ['kept'], ['kept']])
    }))
})

const kept = (fleet: TestFleet) => configMap(fleet.ns, 'kept', { k: 'v' }, { everywhere: true })

async function running(fleet: TestFleet): Promise<RunningDaemon> {
  fleet.people.write('objects.yaml', yaml(configMap(fleet.ns, 'web', { k: 'v' }, { everywhere: true }), kept(fleet)))
  await fleet.push('Two objects')
  const daemon = await fleet.start()
  await daemon.synced()
  return daemon
}

function everythingSaid({ source, generated, messages }: ReturnType<RunningDaemon['status']>): string {
  return [source.problem, generated.problem, ...messages.map(({ text }) => text)].join('\n')
}

function names(fleet: TestFleet): Promise<readonly (readonly string[])[]> {
  return Promise.all(fleet.members.map((member) => configMapsOf(member, fleet.ns, fleet.name)))
}

function files(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
