import type { KubeObject } from '../../../repo-layout/json.ts'
import { listOf, objectOf } from '../defaults/fill.ts'
import { nameCauses } from '../validate/names.ts'
import type { Strategy } from './strategy.ts'

/** A namespace is held by its own finalizer until it is empty, and has a phase. */
export const namespaceStrategy: Strategy = {
  prepareCreate: (object) => {
    const finalizers = listOf(objectOf(object.spec).finalizers)
    const all = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes']
    return { ...object, spec: { finalizers: all }, status: { phase: 'Active' } }
  },
  // Finalizers are changed by the path `finalize` alone.
  prepareUpdate: (next, live) => ({ ...next, spec: live.spec, status: live.status }) as KubeObject,
  validate: (object) => nameCauses('label', object.metadata.name),
}
