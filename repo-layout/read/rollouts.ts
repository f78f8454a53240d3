import { errorAt, placeOf, type SourceDocument } from '../document.ts'
import { groupBy } from '../group.ts'
import type { Message } from '../message.ts'
import { checkSchema } from '../schema/check.ts'
import { promotionProblem } from '../schema/promotion.ts'
import {
  type ApplicationDocument,
  applicationSchema,
  environmentSchema,
  type ReleaseDocument,
  type RolloutBlockDocument,
  releaseSchema,
  rolloutBlockSchema,
} from '../schema/shipper.ts'
import type { Valid } from './assemble.ts'
import type { DocumentType } from './classify.ts'
import { type Item, identityOf } from './interpret.ts'

/** The documents of Shipper that a person writes. */
export type RolloutType = Extract<DocumentType, 'application' | 'release' | 'rolloutBlock'>

/** What a file says about rollouts. */
export interface RolloutItems {
  readonly applications: readonly Item<ApplicationDocument>[]
  readonly releases: readonly Item<ReleaseDocument>[]
  readonly blocks: readonly Item<RolloutBlockDocument>[]
}

/** What a fleet says about rollouts. */
export interface RolloutSource {
  readonly applications: readonly Valid<ApplicationDocument>[]
  readonly releases: readonly Valid<ReleaseDocument>[]
  readonly blocks: readonly Valid<RolloutBlockDocument>[]
  /** Of documents in error `namespace/name`, as much of it as can be read: what each stands for stays as it is. */
  readonly held: {
    readonly applications: ReadonlySet<string>
    readonly releases: ReadonlySet<string>
    readonly blocks: ReadonlySet<string>
    /** Whether an Application or a Release in error has no name, so that it may be any. */
    readonly nameless: boolean
  }
}

/** Checks a document of Shipper; an Application's template is checked for unknown fields too. */
export function readRollout(
  type: RolloutType,
  document: SourceDocument,
): { readonly items: RolloutItems; readonly messages: readonly Message[] } {
  const none: RolloutItems = { applications: [], releases: [], blocks: [] }
  switch (type) {
    case 'application': {
      const whole = checkSchema(applicationSchema, document)
      const template = checkSchema(environmentSchema, document, ['spec', 'template'])
      const value = template.value === undefined ? undefined : whole.value
      const wrong = value ? [...nameProblem(document, value), ...annotationProblems(document, value)] : []
      return {
        items: { ...none, applications: [{ document, value: wrong.length > 0 ? undefined : value }] },
        messages: [...whole.messages, ...template.messages, ...wrong],
      }
    }
    case 'release': {
      const { value, messages } = checkSchema(releaseSchema, document)
      return { items: { ...none, releases: [{ document, value }] }, messages }
    }
    case 'rolloutBlock': {
      const { value, messages } = checkSchema(rolloutBlockSchema, document)
      return { items: { ...none, blocks: [{ document, value }] }, messages }
    }
  }
}

/** A release is named after its application, its hash and a number, and its name is the value of labels. */
const longestApplication = 50

function nameProblem(document: SourceDocument, { metadata }: ApplicationDocument): Message[] {
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(metadata.name) && metadata.name.length <= longestApplication) return []
  const text = `metadata.name must be at most ${longestApplication} lower-case letters, digits and "-", beginning and ending with a letter or digit: releases and labels are named after it`
  return [errorAt(document, ['metadata', 'name'], 'name', text)]
}

function annotationProblems(document: SourceDocument, { metadata }: ApplicationDocument): Message[] {
  return Object.entries(metadata.annotations ?? {}).flatMap(([key, value]) => {
    const problem = promotionProblem(key, value)
    const text = `${problem}; this application stays as it is`
    return problem === undefined ? [] : [errorAt(document, ['metadata', 'annotations', key], 'annotation', text)]
  })
}

type Metadata = { readonly namespace?: string | null | undefined; readonly name: string }

/** The namespace of a document; one that names none is in `default`. */
export function rolloutNamespace({ namespace }: Pick<Metadata, 'namespace'>): string {
  return namespace ?? 'default'
}

/** `namespace/name` of a document. */
export function rolloutKey(metadata: Metadata): string {
  return `${rolloutNamespace(metadata)}/${metadata.name}`
}

/** Joins what all files say about rollouts. Two documents of one name are in error, both. */
export function gatherRollouts(
  all: readonly RolloutItems[],
): RolloutSource & { readonly messages: readonly Message[] } {
  const applications = apart(all.flatMap((items) => items.applications))
  const releases = apart(all.flatMap((items) => items.releases))
  const blocks = blocksOf(all.flatMap((items) => items.blocks))
  return {
    applications: applications.valid,
    releases: releases.valid,
    blocks: blocks.valid,
    held: {
      applications: applications.held,
      releases: releases.held,
      blocks: blocks.held,
      nameless: applications.nameless || releases.nameless,
    },
    messages: [...applications.messages, ...releases.messages],
  }
}

interface Apart<T> {
  readonly valid: readonly Valid<T>[]
  readonly held: ReadonlySet<string>
  readonly nameless: boolean
  readonly messages: readonly Message[]
}

/** Blocks of one name are as good as one; one in error without a name blocks its namespace like any other. */
function blocksOf(items: readonly Item<RolloutBlockDocument>[]): Pick<Apart<RolloutBlockDocument>, 'valid' | 'held'> {
  const isFine = (item: Item<RolloutBlockDocument>): item is Valid<RolloutBlockDocument> => item.value !== undefined
  const inError = items.filter((item) => !isFine(item)).map(({ document }) => identityOf(document))
  return {
    valid: items.filter(isFine),
    held: new Set(inError.map(({ namespace, name = '(nameless)' }) => rolloutKey({ namespace, name }))),
  }
}

function apart<T>(items: readonly Item<T>[]): Apart<T> {
  const keyOf = ({ document }: Item<T>) => {
    const { namespace, name } = identityOf(document)
    return name === undefined ? undefined : rolloutKey({ namespace, name })
  }
  const named = items.filter((item) => keyOf(item) !== undefined)
  const twins = [...groupBy(named, (item) => keyOf(item) ?? '').values()].filter((group) => group.length > 1)
  const doubled = new Set(twins.flat())
  const isFine = (item: Item<T>): item is Valid<T> => item.value !== undefined && !doubled.has(item)
  return {
    valid: items.filter(isFine),
    held: new Set(named.filter((item) => !isFine(item)).map((item) => keyOf(item) ?? '')),
    nameless: named.length < items.length,
    messages: twins.flatMap((group) => group.map((item) => duplicateOf(item.document, group))),
  }
}

function duplicateOf(document: SourceDocument, group: readonly Item<unknown>[]): Message {
  const others = group.filter((item) => item.document !== document).map((item) => placeOf(item.document))
  const { namespace, name } = identityOf(document)
  const what = `${String(document.value.kind)} ${rolloutKey({ namespace, name: name ?? '' })}`
  return errorAt(document, ['metadata', 'name'], 'duplicate', `${what} is written twice; also at ${others.join(', ')}`)
}
