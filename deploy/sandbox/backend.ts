import type { Clock } from '../../reconciler/clock.ts'
import type { Tokens } from './http/auth.ts'
import type { Addresses } from './kinds/addresses.ts'
import type { Registry } from './resources/registry.ts'
import type { Store } from './store/store.ts'
import type { Admit } from './types.ts'

/** What the verbs of one cluster work on. */
export interface Backend {
  readonly store: Store
  readonly registry: Registry
  readonly clock: Clock
  readonly addresses: Addresses
  readonly tokens: Tokens
  /** Whether controllers run: without a garbage collector nothing waits for one. */
  readonly controllers: boolean
  /** Whoever started the cluster may refuse what is written. */
  readonly admit?: Admit | undefined
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
