import { isJsonObject, type JsonObject } from '../json.ts'
import { ownApiVersion } from '../schema/common.ts'
import { groupOf } from '../subject.ts'
import { didYouMean, nearest } from '../suggest.ts'

/** What a document is to Flotilla, told by its apiVersion and kind alone. */
export type DocumentType =
  | 'fleet'
  | 'cluster'
  | 'kubefedCluster'
  | 'federatedCluster'
  | 'registryCluster'
  | 'shipperCluster'
  | 'application'
  | 'release'
  | 'rolloutBlock'
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

/** Shipper's API group. */
export const shipperGroup = 'shipper.booking.com'

/** Groups whose documents are read, all of them. */
const readGroups: ReadonlySet<string> = new Set([
  ...['flotilla.dev', 'clusterregistry.k8s.io', shipperGroup],
  ...typesGroups,
  ...coreGroups,
  ...schedulingGroups,
])

/** What kubefed and Kubernetes write for themselves: no wish of a person stands in it. */
const runtimeKinds: ReadonlySet<string> = new Set([
  'KubeFedConfig',
  'FederationConfig',
  'PropagatedVersion',
  'ClusterPropagatedVersion',
  'FederatedServiceStatus',
])

const shipperKinds: Readonly<Record<string, DocumentType>> = {
  Cluster: 'shipperCluster',
  Application: 'application',
  Release: 'release',
  RolloutBlock: 'rolloutBlock',
  // What Shipper makes of a Release; the generated branch has its own.
  InstallationTarget: 'runtime',
  CapacityTarget: 'runtime',
  TrafficTarget: 'runtime',
}

const coreKinds: Readonly<Record<string, DocumentType>> = {
  KubeFedCluster: 'kubefedCluster',
  FederatedCluster: 'federatedCluster',
  FederatedTypeConfig: 'typeConfig',
}

const ownKinds: readonly string[] = ['Fleet', 'Cluster']

const kubefedKinds: readonly string[] = [...Object.keys(coreKinds), 'ReplicaSchedulingPreference']

/** Tells what a document is; `plain` may still be a federated kind that a FederatedTypeConfig names. */
export function classify(document: JsonObject): DocumentType {
  const apiVersion = String(document.apiVersion)
  const kind = String(document.kind)
  const group = groupOf(apiVersion)
  if (apiVersion === ownApiVersion) return kind === 'Fleet' ? 'fleet' : kind === 'Cluster' ? 'cluster' : 'unsupported'
  if (group === 'flotilla.dev') return 'unsupported'
  if (runtimeKinds.has(kind) && (typesGroups.has(group) || coreGroups.has(group))) return 'runtime'
  if (typesGroups.has(group)) return kind.startsWith('Federated') ? 'federated' : 'plain'
  if (coreGroups.has(group)) return (Object.hasOwn(coreKinds, kind) ? coreKinds[kind] : undefined) ?? 'unsupported'
  if (schedulingGroups.has(group)) return kind === 'ReplicaSchedulingPreference' ? 'preference' : 'unsupported'
  if (group === 'clusterregistry.k8s.io') return kind === 'Cluster' ? 'registryCluster' : 'unsupported'
  if (group === shipperGroup)
    return (Object.hasOwn(shipperKinds, kind) ? shipperKinds[kind] : undefined) ?? 'unsupported'
  if (group === 'primitives.federation.k8s.io' || group.startsWith('multiclusterdns.')) return 'unsupported'
  return 'plain'
}

/** Whether a document is in a group of kubefed's federated kinds, whatever its kind. */
export function isKubefedGroup(document: JsonObject): boolean {
  return typesGroups.has(groupOf(String(document.apiVersion)))
}

/**
 * What a document that lacks its apiVersion or kind needs, or undefined where it lacks neither or both, or nothing tells
 * that it is meant to be an object: what may be one must not be taken for gone.
 */
export function explainHalf(document: JsonObject): string | undefined {
  const { apiVersion, kind } = document
  const [missing, more] = [isText(apiVersion) ? [] : ['apiVersion'], isText(kind) ? [] : ['kind']].flat()
  if (missing === undefined || more !== undefined) return undefined
  const wanted = missing === 'apiVersion' ? usualApiVersion(String(kind)) : undefined
  const isOurs = wanted !== undefined || (missing === 'kind' && readGroups.has(groupOf(String(apiVersion))))
  if (!isOurs && !isJsonObject(document.metadata)) return undefined
  const meant = nearest(
    missing,
    Object.keys(document).filter((key) => key !== missing),
  )
  if (meant !== undefined) return `${missing} is missing; is "${meant}" meant to be it?`
  return `${missing} is missing${wanted === undefined ? '' : `; write apiVersion: ${wanted}`}`
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function usualApiVersion(kind: string): string | undefined {
  if (kind === 'Cluster') return ownApiVersion
  return meantApiVersion('', kind) ?? (/^Federated[A-Z]/.test(kind) ? 'types.kubefed.io/v1beta1' : undefined)
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
  if (group === shipperGroup)
    return `${kind} of ${String(document.apiVersion)} is not a kind of Shipper${didYouMean(kind, Object.keys(shipperKinds))}`
  const apiVersion = String(document.apiVersion)
  if (group === 'flotilla.dev') {
    return apiVersion !== ownApiVersion && ownKinds.includes(kind)
      ? `this version knows no ${apiVersion}; write apiVersion: ${ownApiVersion}`
      : `${kind} of ${apiVersion} is not a kind that this version knows${didYouMean(kind, ownKinds)}`
  }
  return `${kind} of ${apiVersion} is not a kind of kubefed${didYouMean(kind, kubefedKinds)}`
}

/** The apiVersion of a kind that only ours or kubefed's groups have, where another is written. */
function meantApiVersion(apiVersion: string, kind: string): string | undefined {
  if (kind === 'Fleet' || (kind === 'Cluster' && nearest(groupOf(apiVersion), ['flotilla.dev']))) return ownApiVersion
  if (kind === 'ReplicaSchedulingPreference') return 'scheduling.kubefed.io/v1alpha1'
  if (Object.hasOwn(coreKinds, kind)) return 'core.kubefed.io/v1beta1'
  if (kind === 'RolloutBlock') return `${shipperGroup}/v1alpha1`
  return undefined
}

/** Why a plain object goes nowhere and what to write instead. */
export function explainPlain(document: JsonObject): string {
  const kind = String(document.kind)
  const apiVersion = String(document.apiVersion)
  const meant = meantApiVersion(apiVersion, kind)
  if (meant !== undefined) return `${kind} of ${apiVersion} is not known; write apiVersion: ${meant}`
  if (/^Federated[A-Z]/.test(kind)) {
    return `no FederatedTypeConfig names ${kind} of ${apiVersion}; add one, or write apiVersion: types.kubefed.io/v1beta1`
  }
  return `nothing places this ${kind} on a cluster; wrap it in a Federated${kind} (types.kubefed.io/v1beta1) with spec.template and spec.placement`
}
