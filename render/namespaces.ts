import { formatGenerated } from '../repo-layout/generated/file.ts'
import type { KubeObject } from '../repo-layout/json.ts'
import type { FleetSource } from '../repo-layout/read/assemble.ts'
import { fleetLabel } from '../repo-layout/schema/common.ts'
import type { GeneratedFile } from './input.ts'

/** The file of a namespace made on the way: the same in every cluster. */
export interface NamespaceFile {
  readonly file: GeneratedFile
}

/**
 * Makes the Namespace objects that rendered objects need. They name the Fleet's file as their source, for it is the
 * Fleet that asks for them; `default` and protected namespaces exist without us.
 */
export function namespaceMaker(source: FleetSource): (namespace: string) => NamespaceFile | undefined {
  const { create, protected: kept } = source.fleet.spec.namespaces
  const made = new Map<string, NamespaceFile>()
  return (namespace) => {
    if (!create || namespace === 'default' || kept.includes(namespace)) return undefined
    const known = made.get(namespace)
    if (known) return known
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { [fleetLabel]: source.fleet.metadata.name } },
    }
    const one = { file: formatGenerated(source.fleetPath, object) }
    made.set(namespace, one)
    return one
  }
}
