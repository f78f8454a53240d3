/**
 * How a member cluster is reached, always by reference: secrets stay in the daemon's reach, never in Git.
 * `kubefed` and `shipper` are the inventories of those systems, whose Secrets hold `token` (and `ca.crt`).
 */
export type Connection =
  | { readonly type: 'secret'; readonly name: string; readonly key: string }
  | { readonly type: 'file'; readonly path: string; readonly context: string | undefined }
  | { readonly type: 'inCluster' }
  | {
      readonly type: 'kubefed'
      readonly apiEndpoint: string
      readonly caBundle: string | undefined
      readonly secretName: string
      readonly disabledTLSValidations: readonly string[]
    }
  | { readonly type: 'shipper'; readonly apiMaster: string; readonly secretName: string }

/** A member cluster, whatever kind of inventory described it. */
export interface MemberCluster {
  readonly name: string
  readonly labels: { readonly [key: string]: string }
  readonly region: string | undefined
  readonly zones: readonly string[]
  readonly capabilities: readonly string[]
  readonly scheduler: { readonly weight: number; readonly unschedulable: boolean; readonly identity: string }
  readonly suspend: boolean
  readonly apply: 'Push' | 'External'
  /** Undefined where the inventory names none: such a member is rendered, but nothing can be applied to it. */
  readonly connection: Connection | undefined
  readonly proxyURL: string
  readonly serviceAccountName: string
  readonly deletionPolicy: 'Orphan' | 'Delete'
  /** The file that describes it, relative to the source. */
  readonly path: string
}
