import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { dataText } from '../views/data.ts'
import type { Terminal } from './terminal.ts'

const packageSchema = z.object({ name: z.literal('flotilla'), version: z.string() })

/** The version of this program: that of the nearest package.json of ours above this file. */
export function ownVersion(): string {
  // A checkout runs from the sources, an installed package from dist/, one folder deeper.
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const read = packageSchema.safeParse(JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')))
      if (read.success) return read.data.version
    } catch {
      // not there, or not ours
    }
  }
  return 'unknown'
}

/** `flotilla version`: prints the versions of Flotilla and of Node. */
export function versionCommand(options: { readonly output?: 'json' | 'yaml' }, terminal: Terminal): number {
  const versions = { flotilla: ownVersion(), node: process.version, platform: `${process.platform}-${process.arch}` }
  terminal.data(
    options.output
      ? dataText(versions, options.output)
      : `flotilla ${versions.flotilla} (node ${versions.node}, ${versions.platform})\n`,
  )
  return 0
}
