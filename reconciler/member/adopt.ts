import { type JsonObject, jsonEqual, type KubeObject } from '../../repo-layout/json.ts'
import { annotations, fleetLabel } from '../../repo-layout/schema/common.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import { fieldDrift, plainDrift } from './drift.ts'
import { isRejected } from './errors.ts'
import { ourEntry } from './fields.ts'
import { carriesOurId, type Owner, otherFleet } from './manifest.ts'
import { managedBy } from './marks.ts'
import { maskText } from './mask.ts'
import { explain } from './refusal.ts'
import type { FieldDrift } from './types.ts'

/** What becomes of an object that exists where one of ours should be. */
export type Adoption =
  /** It is ours: applied before, and only the inventory does not know. */
  | { readonly type: 'ours' }
  | { readonly type: 'adopt' }
  /** `differences` are the fields that taking it would change; of another fleet's object they are not looked at. */
  | { readonly type: 'leave'; readonly message: string; readonly differences: readonly FieldDrift[] }

/** When an existing object is taken: the mode of the Fleet, and the word on the object itself, which counts more. */
export interface AdoptionRules {
  readonly mode: 'Never' | 'IfNoDiff' | 'Always'
  readonly onObject: string | undefined
}

/**
 * Decides about an object that exists and is not in our inventory. `dryRun` applies without writing; it is asked where the
 * answer decides, and to tell the differences of what is left alone. An object of another fleet is never taken; one that
 * another tool manages only when the wanted object says `flotilla.dev/adopt: Always`; one that differs, or that the server
 * would not let us change, not under IfNoDiff. Rejects where the dry run fails for a reason that may pass.
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
  const tool = managedBy(live, manifest)
  const mayTake = tool === undefined || rules.onObject === 'Always'
  if (mayTake && mode === 'Always') return { type: 'adopt' }
  const found = await compareUnmarked(live, manifest, dryRun)
  if (mayTake && mode === 'IfNoDiff' && found.same) return { type: 'adopt' }
  const standing = found.text === '' ? 'does not differ' : found.text
  const why = tool === undefined ? `it exists and ${standing}` : `it is managed by ${tool} and ${standing}`
  return leave(`${why}; ${howToTake}`, found.differences)
}

const howToTake = `annotate it or its federated workload ${annotations.adopt}: Always to take it`

function modeOf({ mode, onObject }: AdoptionRules): AdoptionRules['mode'] {
  return onObject === 'Never' || onObject === 'IfNoDiff' || onObject === 'Always' ? onObject : mode
}

interface Compared {
  readonly same: boolean
  readonly differences: readonly FieldDrift[]
  /** The differences in words; empty where there are none. */
  readonly text: string
}

/** What an apply would change in an object beside our own marks. */
export async function compareUnmarked(
  live: KubeObject,
  manifest: KubeObject,
  dryRun: () => Promise<KubeObject>,
): Promise<Compared> {
  try {
    const applied = await dryRun()
    const differences = fieldDrift(withoutMarks(live), withoutMarks(applied), manifest)
    if (differences.length > 0) return { same: false, differences, text: `differs in ${listed(differences)}` }
    const same = jsonEqual(plain(live), plain(applied))
    return { same, differences, text: same ? '' : 'differs in fields that only the server knows' }
  } catch (error) {
    // A conflict is no word on the object: it changed just now.
    if (!isRejected(error) || isRejected(error, 409)) throw error
    const differences = plainDrift(withoutMarks(live), withoutMarks(manifest))
    const refused = `an apply would be refused: ${maskText(explain(error), manifest)}`
    const text =
      differences.length > 0
        ? `differs in ${listed(differences)}, and ${refused}`
        : `cannot be compared, since ${refused}`
    return { same: false, differences, text }
  }
}

/** The object with the same marks of ours whether it has them or not, so that they make no difference. */
export function withoutMarks(object: KubeObject): KubeObject {
  const { labels, annotations: notes } = object.metadata
  const marked = (map: { readonly [key: string]: string } | undefined, keys: readonly string[]) => ({
    ...map,
    ...Object.fromEntries(keys.map((key) => [key, 'ours'])),
  })
  return {
    ...object,
    metadata: {
      ...object.metadata,
      labels: marked(labels, [fleetLabel, annotations.id]),
      annotations: marked(notes, Object.values(annotations)),
    },
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

function listed(differences: readonly FieldDrift[]): string {
  const shown = differences
    .slice(0, 5)
    .map(({ path, live, wanted }) => `${path} (live ${brief(live)}, wanted ${brief(wanted)})`)
    .join(', ')
  return differences.length > 5 ? `${shown} and ${differences.length - 5} more` : shown
}

function leave(message: string, differences: readonly FieldDrift[] = []): Adoption {
  return { type: 'leave', message: `left alone: ${message}`, differences }
}
