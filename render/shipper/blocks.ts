/** The namespace whose RolloutBlocks count everywhere. */
export const globalBlockNamespace = 'rollout-blocks-global'

/** The annotation by which an Application or a Release overrides blocks: their `namespace/name`, by commas. */
export const blockOverrideAnnotation = 'shipper.booking.com/rollout-block.override'

/** What keeps something from rolling out; nothing in either list, and it is free. */
export interface Blocked {
  /** Blocks that count and are not overridden, as `namespace/name`, sorted. */
  readonly blocks: readonly string[]
  /** Overrides of blocks that do not exist: they block too, since what was meant may still count. */
  readonly unknownOverrides: readonly string[]
}

/** The names in an override annotation, sorted, each once. */
export function parseOverrides(annotation: string | undefined): readonly string[] {
  const names = (annotation ?? '').split(',').map((name) => name.trim())
  return [...new Set(names.filter((name) => name !== ''))].sort()
}

/**
 * What blocks an object in `namespace` with these overrides. `existing` are all blocks there are, as `namespace/name`;
 * only those of the namespace itself and of `rollout-blocks-global` count (`shipper 0.10 rolloutblock/blocks.go`).
 */
export function blockedBy(namespace: string, existing: readonly string[], overrides: readonly string[]): Blocked {
  const counting = existing.filter((name) => [namespace, globalBlockNamespace].includes(name.split('/')[0] ?? ''))
  return {
    blocks: counting.filter((name) => !overrides.includes(name)).sort(),
    unknownOverrides: overrides.filter((name) => !counting.includes(name)),
  }
}

/** Why something is blocked, in Shipper's words; undefined where nothing blocks it (`shipper 0.10 errors/rolloutblock.go`). */
export function blockMessage({ blocks, unknownOverrides }: Blocked): string | undefined {
  const [unknown] = unknownOverrides
  if (unknown !== undefined) return `rollout block with name "${unknown}" does not exist`
  return blocks.length > 0 ? `rollout block(s) with name(s) "${blocks.join(',')}" exist` : undefined
}
