import { stringify } from 'yaml'
import type { Json } from '../json.ts'
import { kubernetesScalars } from './scalars.ts'

/**
 * Writes a value as YAML in one style: two spaces, no line folding, no aliases, and quotes wherever any reader of YAML
 * 1.1 or 1.2 could take a text for something else. Equal values with equal order of keys give equal bytes.
 */
export function stringifyYaml(value: Json): string {
  return stringify(value, {
    version: '1.2',
    schema: 'failsafe',
    customTags: kubernetesScalars,
    compat: 'yaml-1.1',
    lineWidth: 0,
    aliasDuplicateObjects: false,
  })
}
