import type { ContextFlags } from '../join/admin.ts'
import type { HostFlags } from '../join/host.ts'

/** Options that `cluster add` and `cluster rotate` share, as the command line gives them. */
export interface AccountFlags extends ContextFlags, HostFlags {
  readonly source: string
  /** A duration. */
  readonly expires: string
  readonly keepOld?: true
  readonly yes?: true
  readonly dryRun?: true
  readonly admin?: true
}

/** Options of `flotilla cluster add`. */
export interface AddFlags extends AccountFlags {
  /** Each `KEY=VALUE`. */
  readonly label: readonly string[]
  readonly server?: string
  readonly kubeconfigOut?: string
  readonly overwrite?: true
  readonly output?: 'yaml' | 'json'
}
