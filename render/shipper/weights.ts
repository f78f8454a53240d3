import { isJsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { compare } from '../../repo-layout/message.ts'
import { notes } from './rollout.ts'

/** The weights of releases, by name, as the production Service of a cluster says them; equal weights are equal texts. */
export function formatWeights(weights: readonly (readonly [release: string, weight: number])[]): string {
  return JSON.stringify(Object.fromEntries([...weights].sort(([a], [b]) => compare(a, b))))
}

/** Reads the weights that a Service says; undefined where it says none, or something else. */
export function weightsOf({ metadata }: KubeObject): ReadonlyMap<string, number> | undefined {
  try {
    const json: unknown = JSON.parse(metadata.annotations?.[notes.traffic] ?? '')
    if (!isJsonObject(json)) return undefined
    const weights = Object.entries(json)
    const isWeight = (entry: readonly [string, unknown]): entry is [string, number] =>
      typeof entry[1] === 'number' && entry[1] >= 0
    return weights.every(isWeight) ? new Map(weights.filter(isWeight)) : undefined
  } catch {
    return undefined // what is no JSON says something else
  }
}
