import assert from 'node:assert/strict'
import { promises } from 'node:fs'
import { inventoryNamespace } from '../../../reconciler/member/inventory.ts'
import { eventually } from '../../reconciler/daemon/harness.ts'
import type { Row } from '../row.ts'

const hour = 3_600_000
const { writeFile } = promises
const full = new Set<string>()

/** Writes below these folders fail as on a full disk. */
promises.writeFile = (async (...call: Parameters<typeof writeFile>) => {
  const [path] = call
  for (const folder of full)
    if (String(path).startsWith(folder))
      throw Object.assign(new Error(`ENOSPC: no space left on device, open '${path}'`), { code: 'ENOSPC' })
  return writeFile(...call)
}) as typeof writeFile

/** The daemon's own machine, and hands that reach into its state. */
export const machineRows: readonly Row[] = [
  {
    cause: 'The disk of the clone is full',
    mustNot: 'Half a commit is rendered or pushed; clusters are no longer looked after',
    shown: '`main: … ENOSPC …; the daemon must be able to write to the folder`',
    holds: 'all',
    says: /^source: .*ENOSPC.*must be able to write/m,
    fault({ world }) {
      full.add(world.cloneDir)
      return () => full.delete(world.cloneDir)
    },
  },
  {
    cause: 'The daemon’s clock is set an hour ahead',
    mustNot: 'Clusters count as silent or lost; anything is undone',
    shown: 'nothing',
    fault({ world }) {
      world.clock.set(hour)
      return () => undefined
    },
  },
  {
    cause: 'The daemon’s clock is set an hour back',
    mustNot: 'Work waits for the time to come again',
    shown: 'nothing',
    fault({ world }) {
      world.clock.set(-hour)
      return () => undefined
    },
  },
  {
    cause: 'The daemon dies in the middle and starts again on its clone',
    mustNot: 'Anything is done twice or forgotten',
    shown: 'nothing',
    async fault(bed) {
      const { world, c1 } = bed
      const died = new Promise<void>((resolve) => {
        const off = c1.proxy.onWrite({
          after({ method }) {
            if (method !== 'PATCH') return
            off()
            resolve(bed.daemon.kill())
          },
        })
      })
      const again = died.then(async () => {
        bed.daemon = await world.start()
      })
      return () => again
    },
  },
  {
    cause: 'All members and the Git server are unreachable at once',
    mustNot: 'Anything moves: the lost network is rather ours',
    shown: '`unreachable` for each, and `main: … cannot be reached`',
    holds: 'all',
    says: /^source: .*cannot be reached[\s\S]*^unreachable: /m,
    async fault({ world, daemon }) {
      const all = [world.git, ...world.clusters.map(({ proxy }) => proxy)]
      for (const proxy of all) proxy.setNetwork('refused')
      await eventually(() => daemon.status().clusters.every(({ sync }) => sync === 'unreachable'), 'all are away')
      world.clock.pass(hour)
      return () => {
        for (const proxy of all) proxy.setNetwork('open')
      }
    },
    check: async ({ world }) =>
      assert.deepEqual(await world.generatedSubjects(), ['Change, add and remove', 'Begin to run']),
  },
  {
    cause: 'Somebody deletes the inventory in a member',
    mustNot: 'Anything is forgotten, deleted, or taken for a stranger’s',
    shown: 'nothing: it is written again',
    fault: async ({ c1, world }) => {
      await c1.send('DELETE', `/api/v1/namespaces/${inventoryNamespace}/configmaps/flotilla-${world.name}-0`)
      return () => undefined
    },
    check: async ({ c1, world }) =>
      assert(await c1.live(`/api/v1/namespaces/${inventoryNamespace}/configmaps/flotilla-${world.name}-0`)),
  },
  {
    cause: 'Somebody damages the inventory in a member, and the daemon starts anew',
    mustNot: 'It counts as empty; anything is written there',
    shown: '`degraded`: the inventory cannot be read; mend or remove it by hand',
    says: /^degraded: .*the inventory in this cluster cannot be read/m,
    async fault(bed) {
      const { c1, world } = bed
      const path = `/api/v1/namespaces/${inventoryNamespace}/configmaps/flotilla-${world.name}-0`
      await bed.daemon.kill()
      const entries = String((await c1.live(path))?.data && JSON.stringify((await c1.live(path))?.data))
      const data = JSON.parse(entries) as { readonly entries: string }
      await c1.send('PATCH', path, { data: { entries: data.entries.slice(5) } })
      bed.daemon = await world.start()
      return () => c1.send('PATCH', path, { data: { entries: data.entries } })
    },
  },
]
