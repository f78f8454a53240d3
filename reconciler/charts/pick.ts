import type { ChartRef } from '../../render/charts.ts'
import { type ChartError, finalError, passingError, withContext } from './error.ts'
import type { ChartIndex, IndexEntry } from './index-file.ts'
import { parseConstraint } from './semver/constraint.ts'
import { compareVersions, parseVersion } from './semver/version.ts'

/** More than any constraint needs. */
const longestConstraint = 256

/**
 * The newest of the versions that the constraint takes, the very one that is asked for where that is among them; undefined
 * where none fits. `''` takes any. What is no version is passed over. Throws a final `ChartError` for what is no constraint.
 */
export function pickVersion(constraint: string, versions: readonly string[]): string | undefined {
  const fits = constraint.length > longestConstraint ? undefined : parseConstraint(constraint || '*')
  if (!fits) throw finalError('the version is no constraint; write 1.2.3, ^1.2 or >=1.2, <3.0.0 for example')
  const candidates = versions.flatMap((text) => {
    const version = parseVersion(text)
    return version && fits(version) ? [{ text, version }] : []
  })
  const exact = candidates.find(({ text }) => text === constraint)
  const [newest] = candidates.sort((a, b) => compareVersions(b.version, a.version))
  return (exact ?? newest)?.text
}

/** The entry of an index that a chart is read from. Throws a `ChartError`; what is missing may be published later. */
export function pickEntry(ref: ChartRef, index: ChartIndex): IndexEntry {
  const entries = index.entriesOf(ref.name)
  if (!entries) throw passingError('no chart name found')
  const version = pickVersion(
    ref.version,
    entries.map((entry) => entry.version),
  )
  const entry = entries.find((one) => one.version === version)
  if (!entry) throw passingError('no chart version found')
  return entry
}

/** A failure to resolve, in Shipper's words. */
export function resolveError({ name, version, repoUrl }: ChartRef, why: unknown): ChartError {
  return withContext(`failed to resolve chart version ${described(name, version, repoUrl)}`, why)
}

/** A failure to fetch an archive, in Shipper's words; `address` is that of the archive. */
export function fetchError(name: string, version: string, address: string, why: unknown): ChartError {
  return withContext(`failed to fetch chart ${described(name, version, address)}`, why)
}

function described(name: string, version: string, repo: string): string {
  return `[name: ${JSON.stringify(name)}, version: ${JSON.stringify(version)}, repo: ${JSON.stringify(repo)}]`
}
