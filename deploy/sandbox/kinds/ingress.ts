import { listOf, objectOf } from '../defaults/fill.ts'
import { invalid } from '../validate/causes.ts'
import type { Strategy } from './strategy.ts'

/** Ingresses lead somewhere. */
export const ingressStrategy: Strategy = {
  generation: 'spec',
  validate(object) {
    const spec = objectOf(object.spec)
    if (spec.defaultBackend !== undefined || listOf(spec.rules).length > 0) return []
    return [invalid('spec', spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified')]
  },
}
