import { createHash } from 'node:crypto'

/** `sha256:<hex>` of the bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** A digest as `sha256:<hex>`, which an index writes without the prefix; undefined where the text is none. */
export function parseDigest(text: string): string | undefined {
  const [, hex] = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(text) ?? []
  return hex === undefined ? undefined : `sha256:${hex.toLowerCase()}`
}
