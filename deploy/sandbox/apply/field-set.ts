/**
 * A set of fields as a tree: a node is a member itself where `own` is set, and has members below it. The keys are path
 * elements in the form of fieldsV1: `f:<name>`, `k:<keys as JSON>`, `v:<value as JSON>`.
 */
export interface FieldSet {
  readonly own: boolean
  readonly below: ReadonlyMap<string, FieldSet>
}

const nothing: ReadonlyMap<string, FieldSet> = new Map()

/** The set without members. */
export const emptySet: FieldSet = { own: false, below: nothing }

/** A set whose only member is the field itself. */
export const leaf: FieldSet = { own: true, below: nothing }

/** Whether a set has no members. */
export function isEmpty(set: FieldSet): boolean {
  return !set.own && set.below.size === 0
}

/** The members of either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return b
  if (isEmpty(b)) return a
  const below = new Map(a.below)
  for (const [element, child] of b.below) {
    const held = below.get(element)
    below.set(element, held ? union(held, child) : child)
  }
  return { own: a.own || b.own, below }
}

/** The members of both sets. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const below = new Map<string, FieldSet>()
  for (const [element, child] of a.below) {
    const other = b.below.get(element)
    const both = other && intersection(child, other)
    if (both && !isEmpty(both)) below.set(element, both)
  }
  return { own: a.own && b.own, below }
}

/** The members of `a` that are not members of `b`. What lies below a member of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(b)) return a
  const below = new Map<string, FieldSet>()
  for (const [element, child] of a.below) {
    const other = b.below.get(element)
    const rest = other ? difference(child, other) : child
    if (!isEmpty(rest)) below.set(element, rest)
  }
  return { own: a.own && !b.own, below }
}

/** The members of `a` that are no members of `b` and lie below none. */
export function without(a: FieldSet, b: FieldSet): FieldSet {
  const below = new Map<string, FieldSet>()
  for (const [element, child] of a.below) {
    const other = b.below.get(element)
    if (other?.own) continue
    const rest = other ? without(child, other) : child
    if (!isEmpty(rest)) below.set(element, rest)
  }
  return { own: a.own && !b.own, below }
}

/** A set of one path; the empty path has no members, as nobody owns a whole object. */
export function setOf(...paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce((set, path) => (path.length === 0 ? set : union(set, pathSet(path))), emptySet)
}

function pathSet(path: readonly string[]): FieldSet {
  return path.reduceRight((below: FieldSet, element) => ({ own: false, below: new Map([[element, below]]) }), leaf)
}

/** Every member as its path, parents before children, in the order of fieldsV1. */
export function* members(set: FieldSet, at: readonly string[] = []): Generator<readonly string[]> {
  for (const element of sortedElements(set)) {
    const child = set.below.get(element)
    if (!child) continue
    if (child.own) yield [...at, element]
    yield* members(child, [...at, element])
  }
}

const order = 'fkvi'

/** Path elements as fieldsV1 orders them: names, then keys, then values. */
export function sortedElements(set: FieldSet): readonly string[] {
  return [...set.below.keys()].sort((a, b) => {
    const kind = order.indexOf(a[0] ?? '') - order.indexOf(b[0] ?? '')
    return kind !== 0 ? kind : a < b ? -1 : 1
  })
}
