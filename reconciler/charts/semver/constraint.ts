import { compareVersions, parseVersion, type Version } from './version.ts'

/** A test of versions. */
export type Constraint = (version: Version) => boolean

/** One comparison: `>=1.2` is an operator and a version in which something may be left open by `x`. */
interface Comparison {
  readonly version: Version
  /** `x` or nothing stands for the minor version. */
  readonly openMinor: boolean
  readonly openPatch: boolean
  /** Any part is open. */
  readonly open: boolean
}

const blank = '[\\t\\n\\f\\r ]'
const versionPattern =
  'v?([0-9|xX*]+)(\\.[0-9|xX*]+)?(\\.[0-9|xX*]+)?' +
  '(-([0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*))?(\\+([0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*))?'
const comparisonPattern = new RegExp(`^${blank}*(~>|[=!><]=|=[><]|[=><~^]|)${blank}*(${versionPattern})${blank}*$`)
const rangePattern = new RegExp(`${blank}*(${versionPattern})${blank}+-${blank}+(${versionPattern})${blank}*`, 'g')

/**
 * Reads a constraint as Masterminds/semver 1.4.0 does, which is not npm's way: `,` is and, `||` is or, `1.2 - 1.4` is a
 * range, a bare `1` or `1.x` stays within what is given, `^0.1.2` means below 1.0.0, `~0.0.0` takes all that is not older.
 * A prerelease fits only a comparison that names one. Undefined where the text is no constraint.
 */
export function parseConstraint(text: string): Constraint | undefined {
  const alternatives: Constraint[][] = []
  for (const alternative of rewriteRanges(text).split('||')) {
    const all: Constraint[] = []
    for (const part of alternative.split(',')) {
      const check = parseComparison(part)
      if (!check) return undefined
      all.push(check)
    }
    alternatives.push(all)
  }
  return (version) => alternatives.some((all) => all.every((check) => check(version)))
}

function rewriteRanges(text: string): string {
  let rewritten = text
  for (const match of text.matchAll(rangePattern))
    rewritten = rewritten.replace(match[0], () => `>= ${match[1]}, <= ${match[11]}`)
  return rewritten
}

function parseComparison(text: string): Constraint | undefined {
  const match = comparisonPattern.exec(text)
  if (!match) return undefined
  const [, operator = '', whole = '', major = '', minor = '', patch = '', prerelease = ''] = match
  const openMajor = isOpen(major)
  const openMinor = !openMajor && (minor === '' || isOpen(minor.slice(1)))
  const openPatch = !openMajor && !openMinor && isOpen(patch.slice(1))
  const given = openMajor
    ? '0.0.0'
    : openMinor
      ? `${major}.0.0${prerelease}`
      : openPatch
        ? `${major}${minor}.0${prerelease}`
        : whole
  const version = parseVersion(given)
  const check = checks[operator]
  if (!version || !check) return undefined
  const comparison = { version, openMinor, openPatch, open: openMajor || openMinor || openPatch }
  return (candidate) => check(candidate, comparison)
}

function isOpen(part: string): boolean {
  return part === 'x' || part === 'X' || part === '*'
}

type Check = (candidate: Version, comparison: Comparison) => boolean

const tilde: Check = (candidate, comparison) => {
  const { version, openMinor, openPatch } = comparison
  if (isUnwanted(candidate, version) || compareVersions(candidate, version) < 0) return false
  const zero = version.major === 0n && version.minor === 0n && version.patch === 0n
  if (zero && !openMinor && !openPatch) return true
  return candidate.major === version.major && (openMinor || candidate.minor === version.minor)
}

const caret: Check = (candidate, { version }) =>
  !isUnwanted(candidate, version) && compareVersions(candidate, version) >= 0 && candidate.major === version.major

const equal: Check = (candidate, comparison) => {
  if (comparison.open) return tilde(candidate, comparison)
  return !isUnwanted(candidate, comparison.version) && compareVersions(candidate, comparison.version) === 0
}

const notEqual: Check = (candidate, { version, open, openMinor }) => {
  if (!open) return compareVersions(candidate, version) !== 0
  if (isUnwanted(candidate, version)) return false
  return candidate.major !== version.major || (!openMinor && candidate.minor !== version.minor)
}

/** `least` is the smallest outcome of the comparison that still counts. */
function greater(least: number): Check {
  return (candidate, { version }) => {
    if (isZero(version) && !isZero(candidate)) return true
    return !isUnwanted(candidate, version) && compareVersions(candidate, version) >= least
  }
}

/** `most` is the largest outcome of the comparison that still counts. */
function less(most: number): Check {
  return (candidate, { version, open, openMinor }) => {
    if (isUnwanted(candidate, version)) return false
    if (!open) return compareVersions(candidate, version) <= most
    // Any older major version with a newer minor one is left out, too: so does the library.
    return candidate.major <= version.major && (openMinor || candidate.minor <= version.minor)
  }
}

const checks: Readonly<Record<string, Check>> = {
  '': equal,
  '=': equal,
  '!=': notEqual,
  '>': greater(1),
  '<': less(-1),
  '>=': greater(0),
  '=>': greater(0),
  '<=': less(0),
  '=<': less(0),
  '~': tilde,
  '~>': tilde,
  '^': caret,
}

/** A prerelease fits only where one is asked for. */
function isUnwanted(candidate: Version, version: Version): boolean {
  return candidate.prerelease !== '' && version.prerelease === ''
}

function isZero({ major, minor, patch, prerelease }: Version): boolean {
  return major === 0n && minor === 0n && patch === 0n && prerelease === ''
}
