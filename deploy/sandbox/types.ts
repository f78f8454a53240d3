import type { Clock } from '../../reconciler/clock.ts'
import type { Json, JsonObject, KubeObject } from '../../repo-layout/json.ts'

/** What `startSandbox` can be asked for. */
export interface SandboxOptions {
  readonly clusters: readonly ClusterOptions[]
  /** The time that controllers wait by and that objects are stamped with; the machine's by default. */
  readonly clock?: Clock
  /** How long simulated work takes; a missing one keeps its default. */
  readonly delays?: Partial<Delays>
  /** Address to listen on; `127.0.0.1` by default. The certificate is for it and for `localhost`. */
  readonly host?: string
}

/** How long simulated work takes, in milliseconds. */
export interface Delays {
  /** From a pod's binding to a node until it is Running and Ready. Default 200. */
  readonly podStart: number
  /** From a pod's deletion until it is gone. Default 50. */
  readonly podStop: number
  /** From a Job's pod Running until it is Succeeded. Default 500. */
  readonly jobRun: number
}

/** One member cluster to be. */
export interface ClusterOptions {
  readonly name: string
  /** One node `node1` with 32 cpu, 256Gi and 110 pods by default; `[]` leaves every pod Pending. */
  readonly nodes?: readonly NodeOptions[]
  /** `false` leaves out what brings workloads to their status, like a bare API server. Default `true`. */
  readonly controllers?: boolean
  /** Keeps a record of every request for `audit()`. Default `false`. */
  readonly audit?: boolean
  /** The port to listen on; a free one by default. */
  readonly port?: number
  /** Asked before an object is written, dry runs too; a text refuses it with 422, as a ValidatingAdmissionPolicy does. */
  readonly admit?: Admit
}

/** Says why an object may not be written; undefined where it may. */
export type Admit = (write: AdmissionRequest) => string | undefined

/** An object that is about to be written. */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE'
  /** Plural and group: `configmaps`, `deployments.apps`. */
  readonly resource: string
  /** As it would be stored. */
  readonly object: KubeObject
}

/** A simulated node. It is Ready and runs whatever fits. */
export interface NodeOptions {
  readonly name: string
  readonly labels?: { readonly [key: string]: string }
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[]
  /** Default `{cpu: "32", memory: "256Gi", pods: "110"}`. */
  readonly allocatable?: { readonly [resource: string]: string }
}

/** Member clusters in the memory of this process, each behind real HTTPS. */
export interface Sandbox {
  readonly clusters: readonly SandboxCluster[]
  /** The cluster of this name; throws an error that names those there are. */
  cluster(name: string): SandboxCluster
  /** A kubeconfig with a context for each cluster, named like it; the first is the current one. JSON is YAML. */
  kubeconfig(): JsonObject
  /** Closes every connection and port and forgets every object; safe to call twice. */
  stop(): Promise<void>
}

/** One member cluster. */
export interface SandboxCluster {
  readonly name: string
  /** `https://<host>:<port>`; stays the same while the cluster cannot be reached. */
  readonly server: string
  /** The certificate authority: PEM in base64, as a kubeconfig holds it. All clusters of a sandbox share it. */
  readonly caData: string
  /** The bearer token of the user `admin`, who may do everything. */
  readonly token: string
  /** A kubeconfig whose only and current context is this cluster. */
  kubeconfig(): JsonObject
  /** A bearer token for another user name, who may do everything too; requests with it carry that name in `audit()`. */
  tokenFor(user: string): string
  /** Asks the API in this process, past HTTPS, also while the cluster cannot be reached. */
  request(method: string, path: string, body?: Json, headers?: Readonly<Record<string, string>>): Promise<SandboxAnswer>
  /** `false` cuts every connection and refuses new ones, as when a network is lost; objects and controllers go on. */
  setReachable(reachable: boolean): Promise<void>
  /** `true` takes requests and answers none until `false`, while every connection stays open: a cluster that hangs. */
  setHanging(hanging: boolean): void
  /** The requests that were answered so far, oldest first; throws where the option `audit` was not given. */
  audit(): readonly AuditRecord[]
}

/** What `request` was answered; `body` is the parsed JSON, or the text where it is none. */
export interface SandboxAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Json
}

/** One answered request. A watch counts as answered when it ends. */
export interface AuditRecord {
  readonly user: string
  readonly userAgent: string
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`. */
  readonly verb: string
  /** Path and query. */
  readonly uri: string
  readonly resource: string
  readonly namespace: string
  readonly objectName: string
  readonly subresource: string
  readonly status: number
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  readonly answeredAt: number
}
