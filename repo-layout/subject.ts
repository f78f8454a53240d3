import type { KubeObject } from './json.ts'

/**
 * An object of a member cluster, without its cluster and version: `Kind.group/namespace/name`,
 * `Service/shop/web` in the core group, `Namespace/shop` where it has no namespace.
 */
export type Subject = string

/** The parts of a Subject; `group` is `''` in the core group, `namespace` undefined for cluster-scoped objects. */
export interface SubjectParts {
  readonly group: string
  readonly kind: string
  readonly namespace: string | undefined
  readonly name: string
}

/** The group of an apiVersion: `apps/v1` gives `apps`, `v1` gives `''`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}

/** `Kind.group`, or `Kind` alone in the core group. */
export function kindWithGroup(kind: string, group: string): string {
  return group === '' ? kind : `${kind}.${group}`
}

/** Writes the parts as a Subject. */
export function formatSubject(parts: SubjectParts): Subject {
  const kind = kindWithGroup(parts.kind, parts.group)
  return parts.namespace === undefined ? `${kind}/${parts.name}` : `${kind}/${parts.namespace}/${parts.name}`
}

/** The Subject of an object; an object whose metadata names no namespace counts as cluster-scoped. */
export function subjectOf(object: KubeObject): Subject {
  const { name, namespace } = object.metadata
  return formatSubject({ group: groupOf(object.apiVersion), kind: object.kind, namespace, name })
}

/** Reads a Subject, or gives undefined where the text is none. */
export function parseSubject(text: string): SubjectParts | undefined {
  const match = /^([A-Za-z0-9]+)(?:\.([^/]+))?(?:\/([^/]+))?\/([^/]+)$/.exec(text)
  if (!match) return undefined
  const [, kind = '', group = '', namespace, name = ''] = match
  return { group, kind, namespace, name }
}
