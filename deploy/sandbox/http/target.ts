import type { Registry } from '../resources/registry.ts'
import { hasSubresource, type Resource } from '../resources/resource.ts'

/** What a path below `/api` or `/apis` names. Empty texts are what it does not name. */
export interface Target {
  readonly resource: Resource
  readonly namespace: string
  readonly name: string
  readonly subresource: string
}

/** Reads a path; undefined where nothing is served there. */
export function targetOf(registry: Registry, path: string): Target | undefined {
  const parts = path.split('/').slice(1).map(decoded)
  const [group, version, rest] =
    parts[0] === 'api' ? ['', parts[1] ?? '', parts.slice(2)] : [parts[1] ?? '', parts[2] ?? '', parts.slice(3)]
  const find = (plural: string | undefined) => registry.byPath(group, version, plural ?? '')

  // `namespaces/<name>` and its subresources are the Namespace itself; anything longer lies inside of it.
  if (rest[0] === 'namespaces' && rest.length >= 3 && find(rest[2])?.namespaced) {
    const resource = find(rest[2])
    return resource && target(resource, rest[1] ?? '', rest.slice(3))
  }
  const resource = find(rest[0])
  if (!resource) return undefined
  // A namespaced kind has objects only inside of a namespace; without one there is the list over all of them.
  if (resource.namespaced && rest.length > 1) return undefined
  return target(resource, '', rest.slice(1))
}

function target(resource: Resource, namespace: string, rest: readonly string[]): Target | undefined {
  const [name = '', subresource = '', ...more] = rest
  if (more.length > 0 || (subresource !== '' && !hasSubresource(resource, subresource))) return undefined
  return { resource, namespace, name, subresource }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
