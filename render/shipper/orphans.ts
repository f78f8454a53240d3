import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { rolloutNamespace } from '../../repo-layout/read/rollouts.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import type { PreviousIndex } from '../previous.ts'
import type { RecordedApplication } from './recorded.ts'

/**
 * Finds, for an application, the path of a workload in a cluster that only a release of it can have and of which there is no
 * record: a branch that was put together from what runs, or lost some records, may have such. What runs would be pruned, or
 * have its replicas taken by a release that begins anew. A record that there is, of whichever application, is none that is lost.
 */
export function createOrphans(
  { clusters }: Pick<FleetSource, 'clusters'>,
  previous: PreviousIndex,
  recorded: ReadonlyMap<string, RecordedApplication>,
): (application: ApplicationDocument['metadata'], isOthers: (path: string) => boolean) => string | undefined {
  const names = [...recorded.values()].flatMap(({ rollouts }) => rollouts.map(({ name }) => name))
  const verdicts = new Map<string, boolean>()
  const byNamespace = new Map<string, ReadonlyMap<string, string>>()

  /** Whether there is a record of the release that a workload is of. */
  function isRecorded(workload: string): boolean {
    const known = verdicts.get(workload) ?? names.some((release) => workload.includes(release))
    verdicts.set(workload, known)
    return known
  }

  /** By name, where each workload without a record is first. */
  function unrecordedIn(namespace: string): ReadonlyMap<string, string> {
    const known = byNamespace.get(namespace)
    if (known) return known
    const found = new Map<string, string>()
    for (const { name: cluster } of clusters) {
      for (const path of previous.inNamespace(cluster, namespace)) {
        const name = /\/(?:Deployment|StatefulSet)\.apps\/([^/]+)\.yaml$/.exec(path)?.[1]
        if (name !== undefined && !found.has(name) && !isRecorded(name)) found.set(name, path)
      }
    }
    byNamespace.set(namespace, found)
    return found
  }

  return (metadata, isOthers) => {
    const { name: application } = metadata
    const isOfRelease = (name: string) =>
      name.startsWith(`${application}-`) && /^[0-9a-f]{1,8}-\d+(?!\d)/.test(name.slice(application.length + 1))
    for (const [name, path] of unrecordedIn(rolloutNamespace(metadata)))
      if (isOfRelease(name) && !isOthers(path)) return path
    return undefined
  }
}
