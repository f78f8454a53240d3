import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const manifest = z.object({ name: z.literal('flotilla'), version: z.string() })

/** The version of this program, from the nearest package.json above it; it lies deeper once built. */
export function version(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      return manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).version
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  throw new Error('the package.json of flotilla is missing')
}
