import { builtinResources } from './builtin.ts'
import type { Resource } from './resource.ts'

/** What one cluster serves: the built-in resources and those of its CRDs. */
export interface Registry {
  all(): readonly Resource[]
  /** By path: group, version and plural. */
  byPath(group: string, version: string, plural: string): Resource | undefined
  byKind(apiVersion: string, kind: string): Resource | undefined
  /** Every served version of what is kept under this storage name. */
  byStorage(storage: string): readonly Resource[]
  /** Replaces what a CRD serves; an empty list takes it away. */
  setCustom(definition: string, resources: readonly Resource[]): void
}

interface Index {
  readonly all: readonly Resource[]
  readonly paths: ReadonlyMap<string, Resource>
  readonly kinds: ReadonlyMap<string, Resource>
}

let shared: Index | undefined

function index(resources: readonly Resource[]): Index {
  return {
    all: resources,
    paths: new Map(resources.map((one) => [`${one.apiVersion}/${one.plural}`, one])),
    kinds: new Map(resources.map((one) => [`${one.apiVersion}/${one.kind}`, one])),
  }
}

/** A registry with the built-in resources; clusters without CRDs share one index. */
export function createRegistry(): Registry {
  shared ??= index(builtinResources())
  const builtin = shared
  const custom = new Map<string, readonly Resource[]>()
  let own: Index | undefined
  const lookUp = (find: (from: Index) => Resource | undefined) => find(builtin) ?? (own && find(own))
  return {
    all: () => (own ? [...builtin.all, ...own.all] : builtin.all),
    byPath: (group, version, plural) =>
      lookUp((from) => from.paths.get(`${group === '' ? version : `${group}/${version}`}/${plural}`)),
    byKind: (apiVersion, kind) => lookUp((from) => from.kinds.get(`${apiVersion}/${kind}`)),
    byStorage: (storage) => [...builtin.all, ...(own?.all ?? [])].filter((resource) => resource.storage === storage),
    setCustom(definition, resources) {
      if (resources.length === 0) custom.delete(definition)
      else custom.set(definition, resources)
      own = custom.size === 0 ? undefined : index([...custom.values()].flat())
    },
  }
}
