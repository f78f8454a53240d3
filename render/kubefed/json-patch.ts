import type { Json } from '../../repo-layout/json.ts'

/** A JSON value that may be changed in place. */
export type MutableJson = null | boolean | number | string | MutableJson[] | { [key: string]: MutableJson }

/** One operation of a patch; `value` may be missing, which writes null. */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace'
  /** A JSON pointer below the root, `~0` and `~1` decoded by the engine. */
  readonly path: string
  readonly value?: Json | undefined
}

/** A path that does not fit the object; the message says which part. */
export class PatchError extends Error {}

/**
 * Applies one operation in place, with the semantics of evanphx/json-patch v4.12.0, which kubefed uses, where they
 * differ from RFC 6902: `replace` of a missing key of an object sets it, negative indexes count from the end, `add`
 * with index -1 appends.
 *
 * @throws PatchError where a parent is missing, an index is out of range, or the key to remove is not there.
 */
export function applyOperation(root: MutableJson, { op, path, value }: PatchOperation): void {
  const steps = path.split('/').slice(1).map(decodeStep)
  const key = steps.pop() ?? ''
  let parent: MutableJson | undefined = root
  for (const [depth, step] of steps.entries()) {
    parent = child(parent, step)
    if (parent === undefined || parent === null || typeof parent !== 'object') {
      throw new PatchError(`the object has no ${pointer(steps.slice(0, depth + 1))}`)
    }
  }
  const copy = structuredClone(value ?? null) as MutableJson
  if (Array.isArray(parent)) changeList(parent, op, key, copy, path)
  else if (typeof parent === 'object' && parent !== null) changeObject(parent, op, key, copy, path)
}

function changeObject(
  target: { [key: string]: MutableJson },
  op: string,
  key: string,
  value: MutableJson,
  path: string,
) {
  if (op !== 'remove') setKey(target, key, value)
  else if (Object.hasOwn(target, key)) delete target[key]
  else throw new PatchError(`there is no ${path} to remove`)
}

/** A plain assignment would give `__proto__` to the prototype instead of the object. */
export function setKey(target: { [key: string]: MutableJson }, key: string, value: MutableJson): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
}

function changeList(list: MutableJson[], op: string, key: string, value: MutableJson, path: string): void {
  if (op === 'add') {
    if (key === '-') list.push(value)
    else list.splice(index(key, list.length + 1, path), 0, value)
  } else if (op === 'replace') list[index(key, list.length, path)] = value
  else list.splice(index(key, list.length, path), 1)
}

function index(key: string, length: number, path: string): number {
  if (!/^[+-]?\d+$/.test(key)) throw new PatchError(`"${key}" in ${path} is not an index of a list`)
  const at = Number(key) < 0 ? Number(key) + length : Number(key)
  if (at < 0 || at >= length) throw new PatchError(`the index ${key} in ${path} is out of range`)
  return at
}

function child(parent: MutableJson | undefined, step: string): MutableJson | undefined {
  if (Array.isArray(parent)) {
    const at = /^[+-]?\d+$/.test(step) ? Number(step) : Number.NaN
    return parent.at(at < 0 || at < parent.length ? at : parent.length)
  }
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, step)) return undefined
  return parent[step]
}

function decodeStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}

function pointer(steps: readonly string[]): string {
  return steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/**
 * Sets the value at a dotted path (`spec.replicas`), making parents that are missing, as kubefed's v1alpha1 does.
 *
 * @throws PatchError where the path leads through something that is no object.
 */
export function setDotted(root: MutableJson, path: string, value: Json | undefined): void {
  const steps = path.split('.')
  const key = steps.pop() ?? ''
  let parent = root
  for (const [depth, step] of steps.entries()) {
    if (child(parent, step) === undefined && isObject(parent)) setKey(parent, step, {})
    parent = child(parent, step) ?? null
    if (!isObject(parent) && depth < steps.length - 1) {
      throw new PatchError(`${steps.slice(0, depth + 1).join('.')} is no object; a dotted path cannot lead through it`)
    }
  }
  if (!isObject(parent)) throw new PatchError(`${steps.join('.')} is no object; a dotted path cannot lead into it`)
  setKey(parent, key, structuredClone(value ?? null) as MutableJson)
}

function isObject(value: MutableJson): value is { [key: string]: MutableJson } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
