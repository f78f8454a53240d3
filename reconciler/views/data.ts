import type { Json } from '../../repo-layout/json.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'

/** Writes plain data for programs; fields that are undefined are left out. */
export function dataText(value: unknown, format: 'json' | 'yaml'): string {
  const json = JSON.stringify(value, null, 2)
  return format === 'json' ? `${json}\n` : stringifyYaml(JSON.parse(json) as Json)
}
