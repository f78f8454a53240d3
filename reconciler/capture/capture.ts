import { federatedOf } from '../../render/kubefed/find.ts'
import { notes as releaseNotes } from '../../render/shipper/rollout.ts'
import { getIn, isJsonObject, type Json, type JsonPath, jsonEqual } from '../../repo-layout/json.ts'
import { formatMessage, type Message } from '../../repo-layout/message.ts'
import { parseSubject, type Subject } from '../../repo-layout/subject.ts'
import { changeJson, type YamlEdit } from '../../repo-layout/yaml/edit/change-json.ts'
import { editYaml } from '../../repo-layout/yaml/edit/edit.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import type { Copy, Renderer, Rendering } from './copies.ts'
import { findField } from './find-field.ts'
import type { HandMade } from './take.ts'
import { type Way, waysToSay } from './ways.ts'

/** A field as it stands in Git now, and what was done for that. */
export interface CapturedField extends HandMade {
  /** Where it stands in the rendered object, as a JSON pointer. */
  readonly pointer: string
  /** What Git said before; undefined where it said nothing. */
  readonly before: Json | undefined
  /** The override that says it was added or changed; `removed` where Git says it without one. */
  readonly override: Way['does']
}

/** A source file that says what was set by hand, or why there is none. */
export type Captured =
  | {
      readonly type: 'captured'
      readonly file: string
      readonly content: Uint8Array
      readonly fields: readonly CapturedField[]
      readonly notes: readonly string[]
    }
  /** Git says all of it already. */
  | { readonly type: 'nothing'; readonly why: string }
  | { readonly type: 'refused'; readonly why: readonly string[] }

/** What is to be captured. */
export interface Capturing {
  readonly subject: Subject
  readonly cluster: string
  readonly fields: readonly HandMade[]
}

/**
 * Writes fields that were set by hand as overrides of one cluster into the federated document that the object comes from. A
 * change counts only where rendering shows that the copy of this object in this cluster is then as it was set, and that no
 * other object of any cluster is another one. Rejects where a file cannot be read.
 */
export async function capture(
  { subject, cluster, fields }: Capturing,
  renderer: Renderer,
  readFile: (path: string) => Promise<Uint8Array>,
): Promise<Captured> {
  const before = await renderer.render(new Map())
  const copy = before.copy(cluster, subject)
  if (copy.type !== 'copy') return { type: 'refused', why: [notRendered(copy, before, { subject, cluster })] }
  const { file } = copy
  const original = Buffer.from(await readFile(file)).toString('utf8')
  const bom = original.startsWith('\uFEFF') ? '\uFEFF' : ''
  let now: State = { rendering: before, copy, text: original.slice(bom.length) }
  const [captured, notes, same]: [CapturedField[], string[], string[]] = [[], [], []]
  for (const field of fields) {
    const wish = wishOf(field, now, { subject, cluster })
    if (wish.type === 'refused') return { type: 'refused', why: [wish.why] }
    if (wish.type === 'same') {
      same.push(field.path)
      continue
    }
    const made = await say(wish, now, { subject, cluster, renderer, bom })
    if ('why' in made) return { type: 'refused', why: made.why }
    if (!jsonEqual(wish.before, field.wanted))
      notes.push(`Git says ${shown(wish.before)} at ${field.path} now, and said ${shown(field.wanted)} then`)
    captured.push({ ...field, pointer: pointerOf(wish.at), before: wish.before, override: made.does })
    now = made.state
  }
  if (captured.length === 0)
    return { type: 'nothing', why: `Git says so already: ${same.join(', ')} of ${subject} in ${cluster}, from ${file}` }
  if (same.length > 0) notes.push(`Git says so already: ${same.join(', ')}`)
  return { type: 'captured', file, content: Buffer.from(bom + now.text), fields: captured, notes }
}

/** A source with some of the wishes in it. */
interface State {
  readonly rendering: Rendering
  readonly copy: Extract<Copy, { type: 'copy' }>
  readonly text: string
}

type Named = Pick<Capturing, 'subject' | 'cluster'>

interface Wanted {
  readonly type: 'wanted'
  readonly at: JsonPath
  readonly before: Json | undefined
  readonly value: Json | undefined
  /** The copy as it is to be. */
  readonly object: Json
}

function wishOf(
  { path, live }: HandMade,
  { copy }: State,
  { subject, cluster }: Named,
): Wanted | { readonly type: 'same' } | { readonly type: 'refused'; readonly why: string } {
  const place = findField(copy.object, path)
  if (place.type === 'found' && jsonEqual(place.value, live)) return { type: 'same' }
  if (place.type === 'missing' && live === undefined) return { type: 'same' }
  const at = place.type === 'unknown' ? undefined : place.at
  const gone: YamlEdit | undefined = at && { type: 'remove', path: at }
  const edit: YamlEdit | undefined = live === undefined || !at ? gone : { type: 'set', path: at, value: live }
  const changed = edit && changeJson(copy.object, edit)
  const object = changed && withoutEmpty(changed)
  if (!at || object === undefined)
    return {
      type: 'refused',
      why: `Git says nothing of ${path} in ${subject} any more; write it into ${copy.file} by hand`,
    }
  if (copy.dividedBy !== undefined && pointerOf(at) === '/spec/replicas')
    return {
      type: 'refused',
      why: `the replicas of ${subject} are divided by the ReplicaSchedulingPreference in ${copy.file === copy.dividedBy ? 'the same file' : copy.dividedBy}, and an override has no word in that; write minReplicas and maxReplicas, or weight, of ${cluster} there`,
    }
  return { type: 'wanted', at, before: place.type === 'found' ? place.value : undefined, value: live, object }
}

/** Rendering leaves annotations out where there are none. */
function withoutEmpty(object: Json): Json {
  const notes = getIn(object, ['metadata', 'annotations'])
  if (!isJsonObject(notes) || Object.keys(notes).length > 0) return object
  return changeJson(object, { type: 'remove', path: ['metadata', 'annotations'] }) ?? object
}

interface Tools extends Named {
  readonly renderer: Renderer
  readonly bom: string
}

/** Finds the first way to say a wish that comes to what is wanted, and to nothing else. */
async function say(
  wish: Wanted,
  state: State,
  { subject, cluster, renderer, bom }: Tools,
): Promise<{ readonly state: State; readonly does: Way['does'] } | { readonly why: readonly string[] }> {
  const { rendering, copy, text } = state
  const parts = parseSubject(subject)
  const documents = (rendering.source && parts ? federatedOf(rendering.source, parts) : []).filter(
    ({ document }) => document.path === copy.file,
  )
  const [valid, ...twins] = documents
  const application = copy.object.metadata.annotations?.[releaseNotes.application]
  if (application !== undefined) return { why: [ofRelease(application, copy.file, { subject, cluster })] }
  if (!valid || twins.length > 0)
    return { why: [`${copy.file} holds no federated document of ${subject} that could have overrides${hint(subject)}`] }
  const { document } = valid
  let others: readonly string[] = []
  const ways = waysToSay(document.value, { ...wish, cluster })
  for (const { does, edits } of ways) {
    const made = edits.reduce<string | undefined>((one, edit) => one && editYaml(one, document.locate([]), edit), text)
    if (made === undefined) continue
    const after = await renderer.render(new Map([[copy.file, Buffer.from(bom + made)]]))
    const then = after.copy(cluster, subject)
    if (then.type !== 'copy' || !jsonEqual(then.object, wish.object)) continue
    others = [...changedPaths(rendering.oids, after.oids)].filter((path) => path !== copy.path)
    if (others.length > 0) continue
    return { state: { rendering: after, copy: then, text: made }, does }
  }
  return {
    why: notSaid(
      ways.find(({ does }) => does === 'added'),
      copy.file,
      others,
      { subject, cluster },
    ),
  }
}

function* changedPaths(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): Iterable<string> {
  for (const [path, oid] of a) if (b.get(path) !== oid) yield path
  for (const path of b.keys()) if (!a.has(path)) yield path
}

function notRendered(copy: Exclude<Copy, { type: 'copy' }>, { source, messages }: Rendering, named: Named): string {
  const errors = messages
    .filter(({ severity }) => severity === 'error')
    .map((message: Message) => formatMessage(message))
  const first = errors.length > 0 ? `: ${errors.slice(0, 3).join('\n  ')}` : ''
  if (!source) return `the fleet cannot be read${first}`
  if (copy.type === 'held')
    return `the copy of ${named.subject} in ${named.cluster} stays as it was, since the source has errors; mend those first${first}`
  return `the source sends no ${named.subject} to ${named.cluster}${first}`
}

function notSaid(
  way: Way | undefined,
  file: string,
  others: readonly string[],
  { subject, cluster }: Named,
): readonly string[] {
  const edit = way?.edits[0]
  const values = edit && 'value' in edit ? stringifyYaml(edit.value).trimEnd() : ''
  const why =
    others.length > 0
      ? `an override in ${file} would change more than ${subject} in ${cluster}: ${others.slice(0, 3).join(', ')}`
      : `no override in ${file} could be written that makes ${subject} in ${cluster} so: what stands in spec.overrides there is shared by an anchor, or in the way`
  return [`${why}; write it by hand, and look with flotilla plan`, ...(values === '' ? [] : [values])]
}

/** What a running release has is never changed beside its steps. */
function ofRelease(application: string, file: string, { subject, cluster }: Named): string {
  return `${subject} is of a release of the Application ${application}; write an entry with clusterName: ${cluster} into spec.template.overrides of it in ${file}, and it is rolled out as a new release`
}

function hint(subject: Subject): string {
  return subject.startsWith('Namespace/')
    ? `; write a FederatedNamespace for it`
    : '; write one, or change what is there by hand'
}

function pointerOf(at: JsonPath): string {
  return at.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
