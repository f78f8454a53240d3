import { schemaCauses } from '../custom/validate.ts'
import type { Resource } from '../resources/resource.ts'
import { hasSubresource } from '../resources/resource.ts'
import type { Strategy } from './strategy.ts'

/** Custom resources: checked by their schema, and never overwritten blindly. */
export function customStrategy(resource: Resource): Strategy {
  const { custom } = resource
  return {
    generation: 'allButMetadata',
    unconditionalUpdate: false,
    keepsStatus: !hasSubresource(resource, 'status'),
    validate: (object) => (custom ? schemaCauses(custom.openApi, object) : []),
  }
}
