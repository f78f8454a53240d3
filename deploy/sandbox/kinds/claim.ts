import { type JsonObject, jsonEqual, type KubeObject } from '../../../repo-layout/json.ts'
import { objectOf } from '../defaults/fill.ts'
import { forbidden } from '../validate/causes.ts'
import type { Strategy } from './strategy.ts'

/** PersistentVolumeClaims: of their spec only the requested size may change. */
export const claimStrategy: Strategy = {
  prepareCreate: (object) => ({ ...object, status: { phase: 'Pending' } }) as KubeObject,
  validateUpdate(next, live) {
    const fixed = ({ resources: _, volumeAttributesClassName: __, ...rest }: JsonObject) => rest
    if (jsonEqual(fixed(objectOf(next.spec)), fixed(objectOf(live.spec)))) return []
    return [
      forbidden(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    ]
  },
}
