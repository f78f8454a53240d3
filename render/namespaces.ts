import { formatGenerated } from '../repo-layout/generated/file.ts'
import type { FleetSource } from '../repo-layout/read/assemble.ts'
import { fleetLabel } from '../repo-layout/schema/common.ts'
import type { GeneratedFile } from './input.ts'
import type { Memo } from './memo.ts'

/**
 * The file of a Namespace that rendered objects need: the same in every cluster. It names the Fleet's file as its
 * source, for it is the Fleet that asks for it. Undefined for `default` and protected namespaces, which exist without
 * us, and where the Fleet makes none.
 */
export function namespaceFile(source: FleetSource, namespace: string, memo: Memo): GeneratedFile | undefined {
  const { create, protected: kept } = source.fleet.spec.namespaces
  if (!create || namespace === 'default' || kept.includes(namespace)) return undefined
  const fleet = source.fleet.metadata.name
  return memo.ofText('namespace', JSON.stringify([source.fleetPath, fleet, namespace]), () =>
    formatGenerated(source.fleetPath, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { [fleetLabel]: fleet } },
    }),
  )
}
