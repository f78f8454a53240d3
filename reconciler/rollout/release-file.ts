import { posix } from 'node:path'
import type { Rollout } from '../../render/shipper/rollout.ts'
import { getIn } from '../../repo-layout/json.ts'
import type { Valid } from '../../repo-layout/read/assemble.ts'
import { rolloutKey } from '../../repo-layout/read/rollouts.ts'
import type { ReleaseDocument } from '../../repo-layout/schema/shipper.ts'
import type { YamlEdit } from '../../repo-layout/yaml/edit/change-json.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import { editObject, findObject } from './edit-document.ts'

/** Where the step of a release stands, or is to stand, in the source. */
export interface ReleasePlace {
  readonly path: string
  /** The release that the document there names; undefined where there is none yet. */
  readonly names: string | undefined
}

/**
 * The place of the document that says the step of a release: its own, else that of an older release of the application,
 * which it takes over, else a file beside the Application's.
 */
export function releasePlace(
  rollouts: readonly Rollout[],
  releases: readonly Valid<ReleaseDocument>[],
  application: string,
): ReleasePlace {
  const newest = rollouts.at(-1)
  const { namespace = 'default', application: name = '' } = newest ?? {}
  const written = (rollout: Rollout) =>
    releases.find(({ value }) => rolloutKey(value.metadata) === `${namespace}/${rollout.name}`)
  for (const rollout of [...rollouts].reverse()) {
    const found = written(rollout)
    if (found) return { path: found.document.path, names: rollout.name }
  }
  return { path: posix.join(posix.dirname(application), `${name}.release.yaml`), names: undefined }
}

/**
 * The text of that file with the step of a release in it; everything else in it stays, comments too. `text` is what it holds
 * now, undefined where it is new.
 */
export function withStep(text: string | undefined, place: ReleasePlace, release: Rollout, step: number): string {
  if (text === undefined) return newRelease(release, step)
  if (place.names === undefined) return `${text.trimEnd()}\n---\n${newRelease(release, step)}`
  const found = findObject(text, { kind: 'Release', namespace: release.namespace, name: place.names })
  const edits: readonly YamlEdit[] = [
    { type: 'set', path: ['metadata', 'name'], value: release.name },
    { type: 'set', path: ['spec', 'targetStep'], value: step },
    ...(getIn(found?.value, ['spec', 'environment']) === undefined
      ? []
      : [{ type: 'remove', path: ['spec', 'environment'] } as const]),
  ]
  const made = found && editObject(text, found.at, edits)
  if (made === undefined)
    throw new Error(`${place.path} holds no Release ${place.names} that can be edited; write its targetStep by hand`)
  return made
}

function newRelease({ name, namespace }: Rollout, step: number): string {
  return stringifyYaml({
    apiVersion: 'shipper.booking.com/v1alpha1',
    kind: 'Release',
    metadata: { name, ...(namespace === 'default' ? {} : { namespace }) },
    spec: { targetStep: step },
  })
}
