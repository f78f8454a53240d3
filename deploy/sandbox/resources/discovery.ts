import type { JsonObject } from '../../../repo-layout/json.ts'
import { apiVersionOf, type Resource } from './resource.ts'

/** The versions of each group, best first, in the order in which groups are served. The core group is `''`. */
function groupsOf(resources: readonly Resource[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const { group, version } of resources) {
    const versions = groups.get(group) ?? []
    groups.set(group, versions)
    if (!versions.includes(version)) versions.push(version)
  }
  for (const versions of groups.values()) versions.sort(compareVersions)
  return groups
}

/** Kubernetes' order of versions: `v2` before `v1` before `v1beta2` before `v1alpha1` before any other name. */
function compareVersions(a: string, b: string): number {
  const [x, y] = [rank(a), rank(b)]
  if (!x || !y) return x ? -1 : y ? 1 : a < b ? -1 : 1
  for (let i = 0; i < x.length; i++) {
    const difference = (y[i] ?? 0) - (x[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function rank(version: string): readonly number[] | undefined {
  const found = version.match(/^v(\d+)(?:(alpha|beta)(\d+))?$/)
  if (!found) return undefined
  const [, major = '0', stage, minor = '0'] = found
  return [stage === undefined ? 2 : stage === 'beta' ? 1 : 0, Number(major), Number(minor)]
}

/** `/apis`. */
export function groupList(resources: readonly Resource[]): JsonObject {
  const groups = [...groupsOf(resources)].filter(([group]) => group !== '')
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.map(([group, versions]) => groupEntry(group, versions)),
  }
}

/** `/apis/<group>`, or undefined where the group is not served. */
export function groupDocument(resources: readonly Resource[], group: string): JsonObject | undefined {
  const versions = groupsOf(resources).get(group)
  return versions && { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group, versions) }
}

function groupEntry(group: string, versions: readonly string[]): JsonObject {
  const entries = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions: entries, preferredVersion: entries[0] ?? {} }
}

/** `/api/v1` and `/apis/<group>/<version>`, or undefined where nothing of it is served. */
export function resourceList(resources: readonly Resource[], group: string, version: string): JsonObject | undefined {
  const served = resources.filter((one) => one.group === group && one.version === version)
  if (served.length === 0) return undefined
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(group, version),
    resources: served.flatMap((one) => [
      {
        name: one.plural,
        singularName: one.singular,
        namespaced: one.namespaced,
        kind: one.kind,
        verbs: one.verbs,
        ...(one.shortNames.length > 0 && { shortNames: one.shortNames }),
        ...(one.categories.length > 0 && { categories: one.categories }),
      },
      ...one.subresources.map((sub) => ({
        name: `${one.plural}/${sub.name}`,
        singularName: '',
        namespaced: one.namespaced,
        ...(sub.apiVersion !== one.apiVersion && groupAndVersion(sub.apiVersion)),
        kind: sub.kind,
        verbs: sub.verbs,
      })),
    ]),
  }
}

function groupAndVersion(apiVersion: string): JsonObject {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  return { group: group ?? '', version: version ?? '' }
}

/** `/api` (core) or `/apis` (all others) as one aggregated document. */
export function aggregated(resources: readonly Resource[], core: boolean): JsonObject {
  const groups = [...groupsOf(resources)].filter(([group]) => (group === '') === core)
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versions.map((version) => ({
        version,
        resources: resources.filter((one) => one.group === group && one.version === version).map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  }
}

function aggregatedResource(one: Resource): JsonObject {
  const kindOf = (apiVersion: string, kind: string) => ({
    ...(apiVersion === one.apiVersion ? { group: one.group, version: one.version } : groupAndVersion(apiVersion)),
    kind,
  })
  return {
    resource: one.plural,
    responseKind: kindOf(one.apiVersion, one.kind),
    scope: one.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: one.singular,
    verbs: one.verbs,
    ...(one.shortNames.length > 0 && { shortNames: one.shortNames }),
    ...(one.categories.length > 0 && { categories: one.categories }),
    ...(one.subresources.length > 0 && {
      subresources: one.subresources.map((sub) => ({
        subresource: sub.name,
        responseKind: kindOf(sub.apiVersion, sub.kind),
        verbs: sub.verbs,
      })),
    }),
  }
}
