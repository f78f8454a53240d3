import {
  getIn,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  jsonEqual,
  type KubeObject,
} from '../../repo-layout/json.ts'
import { annotations, fleetLabel } from '../../repo-layout/schema/common.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import { fieldDrift } from './drift.ts'
import { ourEntry } from './fields.ts'
import { carriesOurId, markOf, type Owner, otherFleet } from './manifest.ts'

/** What becomes of an object that exists where one of ours should be. */
export type Adoption =
  /** It is ours: applied before, and only the inventory does not know. */
  { readonly type: 'ours' } | { readonly type: 'adopt' } | { readonly type: 'leave'; readonly message: string }

/** Marks of other tools on a live object: whoever reads this mark will write the object again. */
const marks: readonly { tool: string; map: 'labels' | 'annotations'; key: string; value?: string }[] = [
  { tool: 'Argo CD', map: 'annotations', key: 'argocd.argoproj.io/tracking-id' },
  { tool: 'Argo CD', map: 'labels', key: 'argocd.argoproj.io/instance' },
  { tool: 'Flux', map: 'labels', key: 'kustomize.toolkit.fluxcd.io/name' },
  { tool: 'Flux', map: 'labels', key: 'helm.toolkit.fluxcd.io/name' },
  { tool: 'Helm', map: 'annotations', key: 'meta.helm.sh/release-name' },
  { tool: 'kubefed', map: 'labels', key: 'kubefed.io/managed', value: 'true' },
]

/** The other tool that manages a live object, by its marks or by its controller; undefined where none does. */
export function managedBy(live: JsonObject): string | undefined {
  const mark = marks.find(({ map, key, value }) => {
    const found = markOf(live, map, key)
    return found !== undefined && (value === undefined || found === value)
  })
  if (mark) return mark.tool
  const owners = getIn(live, ['metadata', 'ownerReferences'])
  const controller = isJsonArray(owners) ? owners.find((owner) => getIn(owner, ['controller']) === true) : undefined
  return isJsonObject(controller) ? `${String(controller.kind)} ${String(controller.name)}` : undefined
}

/** When an existing object is taken: the mode of the Fleet, and the word on the object itself, which counts more. */
export interface AdoptionRules {
  readonly mode: 'Never' | 'IfNoDiff' | 'Always'
  readonly onObject: string | undefined
}

/**
 * Decides about an object that exists and is not in our inventory. `dryRun` applies without writing; it is asked only
 * where the answer decides. An object of another fleet is never taken; one that another tool manages only when the
 * wanted object says `flotilla.dev/adopt: Always`; one that differs not under IfNoDiff.
 */
export async function decideAdoption(
  live: KubeObject,
  manifest: KubeObject,
  subject: Subject,
  owner: Owner,
  rules: AdoptionRules,
  dryRun: () => Promise<KubeObject>,
): Promise<Adoption> {
  const foreign = otherFleet(live, subject, owner)
  if (foreign !== undefined) return leave(`it belongs to another fleet (${foreign}) and is never taken`)
  if (carriesOurId(live, subject, owner) && ourEntry(live)) return { type: 'ours' }
  const mode = modeOf(rules)
  const how = `annotate the object ${annotations.adopt}: Always to take it`
  const tool = managedBy(live)
  if (tool !== undefined && rules.onObject !== 'Always') return leave(`it is managed by ${tool}; ${how}`)
  if (mode === 'Always') return { type: 'adopt' }
  if (mode === 'Never') return leave(`it exists and is not ours; ${how}`)
  const differences = differencesOf(live, await dryRun(), manifest)
  if (differences.length === 0) return { type: 'adopt' }
  return leave(`it exists and differs in ${listed(differences)}; ${how}`)
}

function modeOf({ mode, onObject }: AdoptionRules): AdoptionRules['mode'] {
  return onObject === 'Never' || onObject === 'IfNoDiff' || onObject === 'Always' ? onObject : mode
}

/** What an apply would change in an object beside our own marks. */
function differencesOf(live: KubeObject, applied: KubeObject, manifest: KubeObject): string[] {
  const fields = fieldDrift(withoutMarks(live), withoutMarks(applied), manifest)
  if (fields.length > 0)
    return fields.map(({ path, live: is, wanted }) => `${path} (live ${brief(is)}, wanted ${brief(wanted)})`)
  return jsonEqual(plain(live), plain(applied)) ? [] : ['fields that only the server knows']
}

function withoutMarks(object: KubeObject): KubeObject {
  const { labels, annotations: notes } = object.metadata
  const without = (map: { readonly [key: string]: string } | undefined, key: string) =>
    Object.fromEntries(
      Object.entries(map ?? {})
        .map(([name, value]) => [name, name === key ? 'ours' : value])
        .concat([[key, 'ours']]),
    )
  return {
    ...object,
    metadata: { ...object.metadata, labels: without(labels, fleetLabel), annotations: without(notes, annotations.id) },
  }
}

function plain(object: KubeObject): JsonObject {
  const {
    managedFields: _fields,
    resourceVersion: _version,
    generation: _generation,
    ...metadata
  } = withoutMarks(object).metadata
  return { ...object, metadata }
}

function brief(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

function listed(differences: readonly string[]): string {
  const shown = differences.slice(0, 5).join(', ')
  return differences.length > 5 ? `${shown} and ${differences.length - 5} more` : shown
}

function leave(message: string): Adoption {
  return { type: 'leave', message: `left alone: ${message}` }
}
