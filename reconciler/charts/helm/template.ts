import type { ChartRequest } from '../../../render/charts.ts'
import type { KubeObject } from '../../../repo-layout/json.ts'
import { finalError } from '../error.ts'
import { readComplaint } from './complaint.ts'
import { differencesOf } from './differences.ts'
import { objectsIn } from './output.ts'
import type { RunHelm } from './run.ts'

/** What Helm takes for the name of a release. */
const namePattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const longestName = 53

/**
 * Renders the chart at `path`, twice: one whose output differs is refused with the fields named, since nothing that is
 * rendered again would be what was agreed upon. Rejects with a `ChartError`; what is wrong with the chart or its values is
 * final and begins with the template's place.
 */
export async function templateChart(path: string, request: ChartRequest, run: RunHelm): Promise<readonly KubeObject[]> {
  const name = request.releaseName
  if (name.length > longestName || !namePattern.test(name))
    throw finalError(
      `the release name ${JSON.stringify(name)} is none that Helm takes: at most ${longestName} lower-case letters,` +
        ' digits, - and .; give the application a shorter name',
    )
  const first = await renderOnce(path, request, run)
  const differences = differencesOf(first, await renderOnce(path, request, run))
  if (differences.length === 0) return first
  throw finalError(
    `two renders differ: ${differences.join(', ')}; give what is random or of the time by values, or by a Secret that the chart only names`,
  )
}

async function renderOnce(path: string, request: ChartRequest, run: RunHelm): Promise<readonly KubeObject[]> {
  const { releaseName, namespace, values } = request
  const settings = ['--namespace', namespace, '--values', '-', '--include-crds', '--skip-tests']
  // Values may hold secrets: they are on no disk.
  const result = await run(['template', releaseName, path, ...settings], JSON.stringify(values))
  if (!result.ok) throw finalError(readComplaint(result.stderr))
  return objectsIn(result.stdout)
}
