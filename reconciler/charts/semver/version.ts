/** A version as Masterminds/semver 1.4.0 reads it: a leading `v` and a missing minor or patch are allowed. */
export interface Version {
  readonly major: bigint
  readonly minor: bigint
  readonly patch: bigint
  /** What follows the `-`, or `''`. */
  readonly prerelease: string
}

const pattern =
  /^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?(-([0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?(\+([0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?$/

/** Segments are 64-bit integers: what is larger is no version. */
const largest = 2n ** 63n - 1n

/** Reads a version, or gives undefined where the text is none. */
export function parseVersion(text: string): Version | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  const [major = 0n, minor = 0n, patch = 0n] = match.slice(1, 4).map((part) => BigInt((part ?? '0').replace('.', '')))
  if (major > largest || minor > largest || patch > largest) return undefined
  return { major, minor, patch, prerelease: match[5] ?? '' }
}

/** Below 0 where `a` is older, above 0 where it is newer, 0 where they differ in metadata at most. */
export function compareVersions(a: Version, b: Version): number {
  return (
    sign(a.major, b.major) ||
    sign(a.minor, b.minor) ||
    sign(a.patch, b.patch) ||
    comparePrereleases(a.prerelease, b.prerelease)
  )
}

function sign<T extends bigint | string>(a: T, b: T): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0
  if (a === '') return 1
  if (b === '') return -1
  const [left, right] = [a.split('.'), b.split('.')]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = compareParts(left[i] ?? '', right[i] ?? '')
    if (order !== 0) return order
  }
  return 0
}

/** Numbers come before texts; of two prereleases that begin alike, the longer is newer only if it goes on with a number. */
function compareParts(a: string, b: string): number {
  if (a === b) return 0
  if (b === '') return numberOf(a) === undefined ? -1 : 1
  if (a === '') return numberOf(b) === undefined ? 1 : -1
  const [left, right] = [numberOf(a), numberOf(b)]
  if (left === undefined && right === undefined) return sign(a, b)
  // The library has a number below a text where the text is on the right, and above it where it is on the left.
  if (right === undefined) return -1
  if (left === undefined) return 1
  return left > right ? 1 : -1
}

/** As Go's ParseInt: a sign is allowed, and what does not fit 64 bits is no number. */
function numberOf(part: string): bigint | undefined {
  if (!/^-?[0-9]+$/.test(part)) return undefined
  const value = BigInt(part)
  return value > largest || value < -largest - 1n ? undefined : value
}
