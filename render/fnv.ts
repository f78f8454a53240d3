/**
 * The 32-bit FNV-1 hash (not 1a) of a text's UTF-8 bytes, unsigned: kubefed's tie-break between clusters of equal
 * weight (`kubefed v0.10 planner.go`).
 */
export function fnv1(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash, 0x01000193) ^ byte
  return hash >>> 0
}

/**
 * The 32-bit FNV-1a hash of a text's UTF-8 bytes, unsigned: names Shipper's releases (`shipper 0.10
 * application_controller_utils.go`).
 */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
