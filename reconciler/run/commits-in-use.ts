import { getIn } from '../../repo-layout/json.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { fleetUidOf } from '../cycle/uid.ts'
import { type ConnectOptions, connect } from '../member/connect.ts'
import { inventoryNamespace } from '../member/inventory.ts'
import { inventoryName, parseHeader } from '../member/shards.ts'

/** Longest time that a member may take to say what it runs, in milliseconds. */
const patience = 5000

/**
 * The generated commit that each member says it runs: one request each, all at once. Members that run nothing of this
 * fleet are left out, and so are those that give no answer: whatever they run, it is asked again before anything is written to them.
 * Never rejects.
 */
export async function commitsInUse(
  { clusters, fleet }: FleetSource,
  options: ConnectOptions,
): Promise<ReadonlyMap<string, string>> {
  const path = `/api/v1/namespaces/${inventoryNamespace}/configmaps/${inventoryName(fleet.metadata.name)}-0`
  const { uid } = fleetUidOf(fleet)
  const commits = new Map<string, string>()
  const connected = clusters.filter(({ connection }) => connection !== undefined)
  await Promise.all(
    connected.map(async (cluster) => {
      const transport = connect(cluster, options)
      const limit = new AbortController()
      const timer = options.clock.after(patience, () => limit.abort())
      try {
        const { json } = await transport.request('GET', path, { signal: limit.signal })
        const header = parseHeader(String(getIn(json, ['data', 'header'])))
        if (header.fleetUid === uid && header.commit !== '') commits.set(cluster.name, header.commit)
      } catch {
        // Nothing of this fleet, no answer, or one that cannot be read: the member itself finds out which, and says so.
      } finally {
        timer.cancel()
        await transport.close()
      }
    }),
  )
  return commits
}
