import type { Registry } from '../resources/registry.ts'
import { readEntry } from '../store/entry.ts'
import type { Change, Store } from '../store/store.ts'
import { resourcesOf } from './resources.ts'

const definitions = 'customresourcedefinitions.apiextensions.k8s.io'

/** Serves what CustomResourceDefinitions define, from the moment they are stored until they are gone. */
export function registerDefinitions(store: Store, registry: Registry): () => void {
  return store.subscribe(definitions, ({ current, previous }: Change) => {
    if (current) {
      const before = previous && readEntry(previous).metadata.generation
      const definition = readEntry(current)
      // A status that changes is no other definition.
      if (before === undefined || before !== definition.metadata.generation)
        registry.setCustom(current.name, resourcesOf(definition))
    } else if (previous) registry.setCustom(previous.name, [])
  })
}
