import { errorAt, type SourceDocument, warningAt } from '../../repo-layout/document.ts'
import { isJsonObject, type Json } from '../../repo-layout/json.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { Valid } from '../../repo-layout/read/assemble.ts'
import type { FederatedDocument } from '../../repo-layout/read/interpret.ts'
import { annotations, jsonPointer } from '../../repo-layout/schema/common.ts'
import { didYouMean } from '../../repo-layout/suggest.ts'

const yesOrNo = ['"true"', '"false"']

/** What may stand in the annotations that steer applying; undefined is a list of JSON pointers. */
const values: ReadonlyMap<string, readonly string[] | undefined> = new Map([
  [annotations.suspend, yesOrNo],
  [annotations.drift, ['Heal', 'Report']],
  [annotations.prune, yesOrNo],
  [annotations.recreate, yesOrNo],
  [annotations.adopt, ['Never', 'IfNoDiff', 'Always']],
  [annotations.ignoreDifferences, undefined],
])

/** The annotations of a federated object that count for each of its copies, where the copy has no value of its own. */
export function inheritedAnnotations({ value }: Valid<FederatedDocument>): readonly (readonly [string, string])[] {
  return Object.entries(value.metadata.annotations ?? {}).filter(([key]) => values.has(key))
}

/**
 * What is wrong with our annotations around and in a template. A value that means nothing is an error, for it may stand for
 * "leave it alone"; a name that is none of ours is a warning.
 */
export function annotationMessages({ document, value }: Valid<FederatedDocument>): Message[] {
  const template = value.spec?.template?.metadata
  const own = isJsonObject(template as Json | undefined) ? (template as { annotations?: Json }).annotations : undefined
  return [
    ...messagesOf(document, ['metadata', 'annotations'], value.metadata.annotations),
    ...messagesOf(document, ['spec', 'template', 'metadata', 'annotations'], own),
  ]
}

function messagesOf(document: SourceDocument, at: readonly string[], notes: Json | null | undefined): Message[] {
  if (!isJsonObject(notes ?? undefined)) return []
  return Object.entries(notes ?? {}).flatMap(([key, value]) => {
    if (!key.startsWith('flotilla.dev/')) return []
    const text = typeof value === 'string' ? annotationProblem(key, value) : undefined
    if (text !== undefined)
      return [errorAt(document, [...at, key], 'annotation', `${text}; its copies stay as they are`)]
    const known = Object.values(annotations)
    if (known.some((name) => name === key)) return []
    const unknown = `Flotilla has no annotation ${key}${didYouMean(key, known)}`
    return [warningAt(document, [...at, key], 'annotation', unknown)]
  })
}

/** Why the value of an annotation means nothing, and what to write; undefined where it is right or not ours. */
export function annotationProblem(key: string, value: string): string | undefined {
  if (!values.has(key)) return undefined
  const allowed = values.get(key)
  const isRight = allowed
    ? allowed.some((one) => one === value || one === `"${value}"`)
    : value.split(',').every((pointer) => pointer.trim() === '' || jsonPointer.safeParse(pointer.trim()).success)
  if (isRight) return undefined
  const last = allowed?.at(-1)
  const what = allowed
    ? `${allowed.slice(0, -1).join(', ')} or ${last}`
    : 'JSON pointers separated by commas, such as /spec/replicas'
  return `${key}: ${JSON.stringify(value)} means nothing; write ${what}`
}
