import type { PreviousTree } from '../../render/input.ts'
import { createMemo } from '../../render/memo.ts'
import { indexPrevious } from '../../render/previous.ts'
import { rebuildApplication } from '../../render/shipper/rebuild/rebuild.ts'
import { applicationFolder, formatRollout, inheritedLabels } from '../../render/shipper/record.ts'
import { readRecorded } from '../../render/shipper/recorded.ts'
import { notes } from '../../render/shipper/rollout.ts'
import { templateOf } from '../../render/shipper/template.ts'
import { getIn, type KubeObject } from '../../repo-layout/json.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { rolloutNamespace } from '../../repo-layout/read/rollouts.ts'
import { firstDocument } from '../../repo-layout/yaml/parse.ts'
import type { NewFile } from '../git/types.ts'

/** What became of the records of an application. */
export interface RebuiltRecords {
  /** `namespace/name`. */
  readonly application: string
  /** The releases that were given up, since nobody knows all of their objects. */
  readonly givenUp: readonly string[]
  /** Why there is no record; undefined where there is one. */
  readonly problem: string | undefined
}

/** Records of applications that were made again. */
export interface RebuiltApplications {
  /** Folders whose files of before are void. */
  readonly folders: readonly string[]
  readonly files: ReadonlyMap<string, NewFile>
  readonly told: readonly RebuiltRecords[]
}

/**
 * The records of all applications that lost clusters run and that the branch does not hold as they run. `objects` are those
 * of each lost cluster.
 */
export function rebuildApplications(
  source: FleetSource,
  base: PreviousTree | undefined,
  objects: ReadonlyMap<string, readonly KubeObject[]>,
): RebuiltApplications {
  const recorded = readRecorded(indexPrevious(base), createMemo())
  const folders: string[] = []
  const files = new Map<string, NewFile>()
  const told: RebuiltRecords[] = []
  for (const [application, running] of byApplication(objects)) {
    const [namespace = '', name = ''] = application.split('/')
    const folder = applicationFolder(namespace, name)
    const before = recorded.get(folder)
    const written = source.rollouts.applications.find(
      ({ value: { metadata } }) => metadata.name === name && rolloutNamespace(metadata) === namespace,
    )
    const rebuilt = rebuildApplication({
      ...{ namespace, name, objects: running },
      fleetName: source.fleet.metadata.name,
      recorded: before?.rollouts ?? [],
      template: written && templateOf(written.value),
      source: written?.document.path ?? before?.rollouts.at(-1)?.source ?? unknownSource,
      labels: inheritedLabels(written?.value.metadata.labels ?? {}),
    })
    if (rebuilt.type === 'fits') continue
    if (rebuilt.type === 'unknown') {
      told.push({ application, givenUp: [], problem: rebuilt.why })
      continue
    }
    folders.push(folder)
    for (const rollout of rebuilt.rollouts)
      for (const [path, { text = '', oid }] of formatRollout(rollout)) files.set(path, { text, oid })
    const givenUp = rebuilt.rollouts.filter(({ retreating }) => retreating).map((one) => one.name)
    told.push({ application, givenUp, problem: undefined })
  }
  return { folders, files, told }
}

/** The object of a file of a cluster's folder, where it is one of an application. Rejects nothing: files are ours. */
export function applicationObjects(text: string): readonly KubeObject[] {
  if (!text.includes(notes.application)) return []
  const object = firstDocument(text)
  return getIn(object, ['metadata', 'annotations', notes.application]) === undefined ? [] : [object as KubeObject]
}

/** The first line of a file whose source nobody knows any more. */
export const unknownSource = '(recovered)'

function byApplication(
  objects: ReadonlyMap<string, readonly KubeObject[]>,
): ReadonlyMap<string, ReadonlyMap<string, readonly KubeObject[]>> {
  const applications = new Map<string, Map<string, KubeObject[]>>()
  for (const [cluster, own] of objects) {
    for (const object of own) {
      const application = object.metadata.annotations?.[notes.application]
      if (application === undefined) continue
      const there = applications.get(application) ?? new Map<string, KubeObject[]>()
      applications.set(application, there)
      there.set(cluster, [...(there.get(cluster) ?? []), object])
    }
  }
  return applications
}
