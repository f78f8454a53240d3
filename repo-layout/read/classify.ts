import type { JsonObject } from '../json.ts'
import { ownApiVersion } from '../schema/common.ts'
import { groupOf } from '../subject.ts'

/** What a document is to Flotilla, told by its apiVersion and kind alone. */
export type DocumentType =
  | 'fleet'
  | 'cluster'
  | 'kubefedCluster'
  | 'federatedCluster'
  | 'registryCluster'
  | 'shipperCluster'
  | 'federated'
  | 'preference'
  | 'typeConfig'
  | 'runtime'
  | 'unsupported'
  | 'plain'

/** Groups of kubefed's one-object federated kinds, oldest first. */
const typesGroups: ReadonlySet<string> = new Set([
  'types.federation.k8s.io',
  'types.kubefed.k8s.io',
  'types.kubefed.io',
])

const coreGroups: ReadonlySet<string> = new Set(['core.federation.k8s.io', 'core.kubefed.k8s.io', 'core.kubefed.io'])

const schedulingGroups: ReadonlySet<string> = new Set([
  'scheduling.federation.k8s.io',
  'scheduling.kubefed.k8s.io',
  'scheduling.kubefed.io',
])

/** What kubefed and Kubernetes write for themselves: no wish of a person stands in it. */
const runtimeKinds: ReadonlySet<string> = new Set([
  'KubeFedConfig',
  'FederationConfig',
  'PropagatedVersion',
  'ClusterPropagatedVersion',
  'FederatedServiceStatus',
])

const coreKinds: Readonly<Record<string, DocumentType>> = {
  KubeFedCluster: 'kubefedCluster',
  FederatedCluster: 'federatedCluster',
  FederatedTypeConfig: 'typeConfig',
}

/** Tells what a document is; `plain` may still be a federated kind that a FederatedTypeConfig names. */
export function classify(document: JsonObject): DocumentType {
  const apiVersion = String(document.apiVersion)
  const kind = String(document.kind)
  const group = groupOf(apiVersion)
  if (apiVersion === ownApiVersion) return kind === 'Fleet' ? 'fleet' : kind === 'Cluster' ? 'cluster' : 'unsupported'
  if (typesGroups.has(group)) return kind.startsWith('Federated') ? 'federated' : 'plain'
  if (coreGroups.has(group)) return coreKinds[kind] ?? (runtimeKinds.has(kind) ? 'runtime' : 'unsupported')
  if (schedulingGroups.has(group)) return kind === 'ReplicaSchedulingPreference' ? 'preference' : 'unsupported'
  if (group === 'clusterregistry.k8s.io') return kind === 'Cluster' ? 'registryCluster' : 'unsupported'
  if (group === 'shipper.booking.com') return kind === 'Cluster' ? 'shipperCluster' : 'unsupported'
  if (group === 'primitives.federation.k8s.io' || group.startsWith('multiclusterdns.')) return 'unsupported'
  return 'plain'
}

/** Whether a document is in a group of kubefed's federated kinds, whatever its kind. */
export function isKubefedGroup(document: JsonObject): boolean {
  return typesGroups.has(groupOf(String(document.apiVersion)))
}

/** Why a kind is not rendered and what to write instead. */
export function explainUnsupported(document: JsonObject): string {
  const kind = String(document.kind)
  const group = groupOf(String(document.apiVersion))
  if (group === 'primitives.federation.k8s.io') {
    const base = kind.replace(/(Placement|Override)$/, '')
    return `${kind} is kubefed's old form of three objects; join it into one ${base} of types.kubefed.io/v1beta1 with spec.template, spec.placement and spec.overrides`
  }
  if (group.startsWith('multiclusterdns.')) return `${kind} is not rendered: kubefed itself dropped it in v0.7.0`
  if (group === 'shipper.booking.com') return `Shipper's ${kind} is not rendered by this version`
  if (group === 'flotilla.dev') return `${kind} of ${String(document.apiVersion)} is not a kind that this version knows`
  return `${kind} of ${String(document.apiVersion)} is not a kind of kubefed`
}

/** Why a plain object goes nowhere and what to write instead. */
export function explainPlain(document: JsonObject): string {
  const kind = String(document.kind)
  return `nothing places this ${kind} on a cluster; wrap it in a Federated${kind} (types.kubefed.io/v1beta1) with spec.template and spec.placement`
}
