import { isJsonArray, isJsonObject, type Json, jsonEqual } from '../../../repo-layout/json.ts'
import { badRequest, StatusError } from '../status.ts'

/** JSON patch, RFC 6902. Throws 400 for a patch that is none, 422 for one that cannot be applied. */
export function jsonPatch(target: Json, patch: Json): Json {
  if (!isJsonArray(patch)) throw badRequest('error decoding patch: a JSON patch is a list of operations')
  return patch.reduce<Json>((document, operation) => applyOperation(document, operation), target)
}

function applyOperation(document: Json, operation: Json): Json {
  if (!isJsonObject(operation)) throw badRequest('error decoding patch: an operation is an object')
  const { op, path, from, value } = operation
  if (typeof path !== 'string') throw refused()
  const at = pointer(path)
  switch (op) {
    case 'add':
      return change(document, at, 'add', () => needed(value))
    case 'replace':
      // A key that is missing is added; an item that is missing is an error.
      if (isJsonArray(lookUp(document, at.slice(0, -1)))) find(document, at)
      return change(document, at, 'replace', () => needed(value))
    case 'remove':
      find(document, at)
      return change(document, at, 'remove', () => undefined)
    case 'test': {
      const found = lookUp(document, at)
      if (jsonEqual(found ?? null, value ?? null)) return document
      throw refused()
    }
    case 'move':
    case 'copy': {
      if (typeof from !== 'string') throw refused()
      const taken = find(document, pointer(from))
      const rest = op === 'move' ? change(document, pointer(from), 'remove', () => undefined) : document
      return change(rest, at, 'add', () => taken)
    }
    default:
      throw refused()
  }
}

/** The server does not say what was wrong; neither does this one. */
function refused(): StatusError {
  return new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
}

function needed(value: Json | undefined): Json {
  if (value === undefined) throw refused()
  return value
}

function pointer(path: string): readonly string[] {
  if (path === '') return []
  return path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function lookUp(document: Json, at: readonly string[]): Json | undefined {
  let value: Json | undefined = document
  for (const step of at) {
    if (isJsonArray(value)) value = value[step === '-' ? value.length - 1 : Number(step)]
    else if (isJsonObject(value) && Object.hasOwn(value, step)) value = value[step]
    else return undefined
  }
  return value
}

function find(document: Json, at: readonly string[]): Json {
  const found = lookUp(document, at)
  if (found !== undefined) return found
  throw refused()
}

/** The document with another value at a path; `undefined` takes it away. */
function change(
  document: Json,
  at: readonly string[],
  operation: 'add' | 'replace' | 'remove',
  make: () => Json | undefined,
): Json {
  const [step, ...rest] = at
  if (step === undefined) return make() ?? null
  if (isJsonArray(document)) {
    const items = [...document]
    const index = step === '-' ? items.length : Number(step)
    if (!Number.isInteger(index) || index < 0 || index > items.length) throw refused()
    if (rest.length > 0) {
      const inner = items[index]
      if (inner === undefined) throw refused()
      items[index] = change(inner, rest, operation, make)
    } else {
      const value = make()
      items.splice(index, operation === 'add' ? 0 : 1, ...(value === undefined ? [] : [value]))
    }
    return items
  }
  if (!isJsonObject(document)) throw refused()
  const result = new Map(Object.entries(document))
  if (rest.length > 0) {
    const inner = result.get(step)
    if (inner === undefined || inner === null) throw refused()
    result.set(step, change(inner, rest, operation, make))
  } else {
    const value = make()
    if (value === undefined) result.delete(step)
    else result.set(step, value)
  }
  return Object.fromEntries(result)
}
