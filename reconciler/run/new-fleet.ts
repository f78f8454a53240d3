import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { type ConnectOptions, connect } from '../member/connect.ts'
import { ApiError, itemsOf } from '../member/errors.ts'
import { inventoryLabel, inventoryNamespace } from '../member/inventory.ts'
import { firstAndMore } from '../views/text.ts'

/**
 * Why a fleet without a generated branch is no new one; undefined where every member says that nothing of this fleet
 * runs there. A member that cannot be asked is a reason too, also where its document is in error: its decisions would be
 * made again from nothing.
 */
export async function notNewFleet(
  { clusters, fleet, holds }: FleetSource,
  options: ConnectOptions,
): Promise<string | undefined> {
  const reasons = await Promise.all(
    clusters
      .filter(({ connection }) => connection !== undefined)
      .map(async (cluster) => {
        const transport = connect(cluster, options)
        try {
          const { json } = await transport.request('GET', `/api/v1/namespaces/${inventoryNamespace}/configmaps`, {
            query: { labelSelector: `${inventoryLabel}=${fleet.metadata.name}`, limit: '1' },
          })
          return itemsOf(json).length > 0 ? `${cluster.name} runs this fleet already` : undefined
        } catch (error) {
          if (!(error instanceof ApiError)) throw error
          return `${cluster.name} cannot be asked: ${error.message}`
        } finally {
          await transport.close()
        }
      }),
  )
  const unread = [...holds.clusters].map((name) => `${name} cannot be asked: its document is in error`)
  const all = [...reasons.filter((reason) => reason !== undefined), ...unread]
  if (all.length === 0) return undefined
  return `the generated branch is missing, and it cannot be told that this is a new fleet: ${firstAndMore(all)}; run "flotilla recover" to have it again, or start with --new-fleet`
}
