import { getIn, type KubeObject } from '../../../repo-layout/json.ts'
import { schemaCauses } from '../custom/validate.ts'
import { type CustomParts, hasSubresource, type Resource } from '../resources/resource.ts'
import type { Cause } from '../status.ts'
import { invalid } from '../validate/causes.ts'
import type { Strategy } from './strategy.ts'

/** Custom resources: checked by their schema, and never overwritten blindly. */
export function customStrategy(resource: Resource): Strategy {
  const { custom } = resource
  return {
    generation: 'allButMetadata',
    unconditionalUpdate: false,
    keepsStatus: !hasSubresource(resource, 'status'),
    validate: (object) => (custom ? [...schemaCauses(custom.openApi, object), ...scaleCauses(custom, object)] : []),
  }
}

const mostReplicas = 2 ** 31 - 1

/** Replicas that a `Scale` cannot hold. */
function scaleCauses({ scale }: CustomParts, object: KubeObject): readonly Cause[] {
  if (!scale) return []
  return [scale.spec, scale.status].flatMap((path) => {
    const replicas = getIn(object, path.split('.').slice(1))
    if (typeof replicas !== 'number') return []
    if (replicas < 0) return [invalid(path, replicas, 'should be a non-negative integer')]
    return replicas > mostReplicas ? [invalid(path, replicas, `should be less than or equal to ${mostReplicas}`)] : []
  })
}
