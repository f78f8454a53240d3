import type { Connection } from '../../repo-layout/cluster.ts'
import { type Credential, timeText } from './credential.ts'

/** What `remedyOf` has to know of a cluster. */
export interface Described {
  readonly name: string
  readonly connection: Connection | undefined
}

/** Names of accounts that `flotilla cluster add` makes begin so. */
export const accountPrefix = 'system:serviceaccount:flotilla-system:flotilla-'

/** Where the credential of a cluster lies, for people. */
export function placeOf(connection: Connection | undefined): string {
  switch (connection?.type) {
    case 'file':
      return connection.path
    case 'secret':
      return `Secret ${connection.name}`
    case 'kubefed':
    case 'shipper':
      return `Secret ${connection.secretName}`
    case 'inCluster':
      return "the daemon's own pod"
    default:
      return 'its connection'
  }
}

/** What mends a credential that expires or is refused, as an order to a person. */
export function remedyOf({ name, connection }: Described, credential: Credential | undefined): string {
  if (connection?.type === 'inCluster') return "restart the daemon's pod"
  const rotate = `"flotilla cluster rotate ${shellWord(name)}" makes a new one`
  if (credential?.user?.startsWith(accountPrefix)) return rotate
  return `put a new one into ${placeOf(connection)}, or have an account made by "flotilla cluster add ${shellWord(name)} --overwrite"`
}

/** What to do where the account of a cluster lacks a right; without a name, for all clusters. */
export function rightsRemedy(cluster: string): string {
  return `"flotilla cluster check${cluster && ` ${shellWord(cluster)}`}" says which rights are missing`
}

/** What is said of a credential that will expire; the caller knows that it is soon. */
export function expiryWarning(cluster: Described, credential: Credential, expiresAt: number, now: number): string {
  const when = expiresAt <= now ? 'expired on' : 'expires on'
  return `the ${credential.kind} ${when} ${timeText(expiresAt)}: ${remedyOf(cluster, credential)}`
}

/** A word that a shell takes as it is. */
export function shellWord(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
