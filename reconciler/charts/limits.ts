const mebibyte = 1024 * 1024

/** What an index may take on the wire, in bytes. */
export const maxIndexSize = 30 * mebibyte
/** What an archive may take, in bytes. */
export const maxArchiveSize = 20 * mebibyte
/** What an archive may unpack to, in bytes; Helm's own limit. */
export const maxUnpackedSize = 100 * mebibyte
/** What one file of a chart may take, in bytes; Helm's own limit. */
export const maxFileSize = 5 * mebibyte
/** How many files and folders an archive may hold. */
export const maxEntries = 10_000
/** What an answer other than an index or an archive may take, in bytes. */
export const maxAnswerSize = 4 * mebibyte
/** How often an answer may point elsewhere. */
export const maxRedirects = 5
/** What rendering a chart may print, in bytes. */
export const maxOutputSize = 32 * mebibyte
/** How long rendering a chart may take, in milliseconds. */
export const helmTimeout = 60_000

/** A size for people: `20 MiB`, `1.5 KiB`, `12 bytes`. */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  const [value, unit] = bytes < mebibyte ? [bytes / 1024, 'KiB'] : [bytes / mebibyte, 'MiB']
  return `${Number(value.toFixed(1))} ${unit}`
}
