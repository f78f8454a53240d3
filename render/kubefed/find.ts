import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import type { FederatedDocument } from '../../repo-layout/read/interpret.ts'
import type { ObjectName } from '../previous.ts'
import { readTypes, resolveTarget } from './target.ts'

/** The federated documents that stand for an object, whatever the API group of its copies. Pure. */
export function federatedOf(
  source: FleetSource,
  { kind, namespace, name }: ObjectName,
): readonly Valid<FederatedDocument>[] {
  const crds = source.federated.filter(({ value }) => value.kind === 'FederatedCustomResourceDefinition')
  const types = readTypes(source.typeConfigs, crds)
  return source.federated.filter((valid) => {
    const { target } = resolveTarget(valid, types)
    return target?.kind === kind && target.namespace === namespace && target.name === name
  })
}
