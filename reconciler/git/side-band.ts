import { oneLine } from './error.ts'

/** What a server said in the chunks of a side band, on one line. */
export function said(chunks: readonly Buffer[]): string {
  const lines = Buffer.concat(chunks)
    .toString('utf8')
    .split(/[\r\n]+/)
  return lines
    .map(oneLine)
    .filter((line) => line !== '')
    .join(' / ')
}
