import type { z } from 'zod'
import type { Connection, MemberCluster } from '../cluster.ts'
import { errorAt, type SourceDocument } from '../document.ts'
import { getIn } from '../json.ts'
import type { Message } from '../message.ts'
import { clusterNameProblem } from '../names.ts'
import { checkSchema } from '../schema/check.ts'
import { clusterSchema } from '../schema/cluster.ts'
import { endpointUrl } from '../schema/endpoint.ts'
import {
  federatedClusterSchema,
  kubefedClusterSchema,
  registryClusterSchema,
  shipperClusterSchema,
} from '../schema/kubefed.ts'
import type { DocumentType } from './classify.ts'

/** A member cluster as its document describes it; `cluster` is missing where the document is in error. */
export interface ClusterItem {
  readonly document: SourceDocument
  /** The name, also of a document in error, where it can be read. */
  readonly name: string | undefined
  readonly cluster: MemberCluster | undefined
  /** The cluster-registry Cluster that holds the endpoint (kubefed before v0.1). */
  readonly registryName: string | undefined
  readonly messages: readonly Message[]
}

/** The kinds of document that describe a member cluster. */
export type InventoryType = Extract<DocumentType, 'cluster' | 'kubefedCluster' | 'federatedCluster' | 'shipperCluster'>

const regionLabel = 'topology.kubernetes.io/region'

/** Reads an inventory document of any of the four kinds. */
export function readCluster(type: InventoryType, document: SourceDocument): ClusterItem {
  const name = getIn(document.value, ['metadata', 'name'])
  const { cluster, registryName, messages } = readers[type](document)
  const problem = typeof name === 'string' && name !== '' ? clusterNameProblem(name) : undefined
  const nameError = problem
    ? [errorAt(document, ['metadata', 'name'], 'cluster-name', `the cluster name "${name}" ${problem}`)]
    : []
  return {
    document,
    name: typeof name === 'string' && name !== '' && !problem ? name : undefined,
    cluster: problem ? undefined : cluster,
    registryName,
    messages: [...messages, ...nameError],
  }
}

/** A cluster-registry Cluster: it holds the endpoint for the FederatedCluster that refers to it. */
export interface RegistryItem {
  readonly document: SourceDocument
  readonly name: string | undefined
  readonly apiEndpoint: string | undefined
  readonly caBundle: string | undefined
  readonly messages: readonly Message[]
}

/** Reads a cluster-registry Cluster. */
export function readRegistryCluster(document: SourceDocument): RegistryItem {
  const { value, messages } = checkSchema(registryClusterSchema, document)
  const endpoints = value?.spec?.kubernetesApiEndpoints
  return {
    document,
    name: value?.metadata.name,
    apiEndpoint: endpointUrl(endpoints?.serverEndpoints?.[0]?.serverAddress ?? ''),
    caBundle: endpoints?.caBundle ?? undefined,
    messages,
  }
}

interface Read {
  readonly cluster: MemberCluster | undefined
  readonly registryName?: string | undefined
  readonly messages: readonly Message[]
}

const readers: Readonly<
  Record<InventoryType, (document: SourceDocument) => Read & { registryName?: string | undefined }>
> = {
  cluster: readOwn,
  kubefedCluster: readKubefed,
  federatedCluster: readFederated,
  shipperCluster: readShipper,
}

function readOwn(document: SourceDocument): Read {
  const { value, messages } = checkSchema(clusterSchema, document)
  if (!value) return { cluster: undefined, messages }
  const { spec, metadata } = value
  return {
    messages,
    cluster: {
      ...defaults(document, metadata),
      region: spec.region ?? metadata.labels?.[regionLabel],
      zones: spec.zones,
      capabilities: spec.capabilities,
      scheduler: { ...spec.scheduler, identity: spec.scheduler.identity ?? metadata.name },
      suspend: spec.suspend,
      apply: spec.apply,
      connection: spec.connection && ownConnection(spec.connection),
      proxyURL: spec.connection?.proxyURL ?? '',
      serviceAccountName: spec.connection?.serviceAccountName ?? '',
      deletionPolicy: spec.deletionPolicy,
    },
  }
}

function ownConnection(from: NonNullable<z.infer<typeof clusterSchema>['spec']['connection']>): Connection {
  if (from.secretRef) return { type: 'secret', ...from.secretRef }
  if (from.kubeConfigFile) return { type: 'file', path: from.kubeConfigFile.path, context: from.kubeConfigFile.context }
  return { type: 'inCluster' }
}

function readKubefed(document: SourceDocument): Read {
  const { value, messages } = checkSchema(kubefedClusterSchema, document)
  if (!value) return { cluster: undefined, messages }
  const { caBundle, secretRef, disabledTLSValidations, proxyURL } = value.spec ?? {}
  const apiEndpoint = endpointUrl(value.spec?.apiEndpoint ?? '')
  const connection: Connection | undefined =
    apiEndpoint && secretRef
      ? {
          type: 'kubefed',
          apiEndpoint,
          caBundle: caBundle ?? undefined,
          secretName: secretRef.name,
          disabledTLSValidations: disabledTLSValidations ?? [],
        }
      : undefined
  return { messages, cluster: { ...defaults(document, value.metadata), connection, proxyURL: proxyURL ?? '' } }
}

function readFederated(document: SourceDocument): Read {
  const { value, messages } = checkSchema(federatedClusterSchema, document)
  if (!value) return { cluster: undefined, messages }
  const secretName = value.spec?.secretRef?.name
  const connection: Connection | undefined = secretName
    ? { type: 'kubefed', apiEndpoint: '', caBundle: undefined, secretName, disabledTLSValidations: [] }
    : undefined
  return {
    messages,
    registryName: value.spec?.clusterRef?.name ?? value.metadata.name,
    cluster: { ...defaults(document, value.metadata), connection },
  }
}

function readShipper(document: SourceDocument): Read {
  const { value, messages } = checkSchema(shipperClusterSchema, document)
  if (!value) return { cluster: undefined, messages }
  const { metadata, spec } = value
  const { weight, unschedulable, identity } = spec.scheduler ?? {}
  const apiMaster = endpointUrl(spec.apiMaster ?? '')
  return {
    messages,
    cluster: {
      ...defaults(document, metadata),
      region: spec.region,
      capabilities: spec.capabilities ?? [],
      scheduler: { weight: weight ?? 100, unschedulable: unschedulable ?? false, identity: identity ?? metadata.name },
      connection: apiMaster ? { type: 'shipper', apiMaster, secretName: metadata.name } : undefined,
    },
  }
}

type Metadata = { readonly name: string; readonly labels?: Readonly<Record<string, string>> | null | undefined }

function defaults(document: SourceDocument, metadata: Metadata): MemberCluster {
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    region: metadata.labels?.[regionLabel],
    zones: [],
    capabilities: [],
    scheduler: { weight: 100, unschedulable: false, identity: metadata.name },
    suspend: false,
    apply: 'Push',
    connection: undefined,
    proxyURL: '',
    serviceAccountName: '',
    deletionPolicy: 'Orphan',
    path: document.path,
  }
}
