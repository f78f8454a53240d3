import { version } from '../run/version.ts'
import { dataText } from '../views/data.ts'
import type { Terminal } from './terminal.ts'

/** `flotilla version`: prints the versions of Flotilla and of Node. */
export function versionCommand(options: { readonly output?: 'json' | 'yaml' }, terminal: Terminal): number {
  const versions = { flotilla: version(), node: process.version, platform: `${process.platform}-${process.arch}` }
  terminal.data(
    options.output
      ? dataText(versions, options.output)
      : `flotilla ${versions.flotilla} (node ${versions.node}, ${versions.platform})\n`,
  )
  return 0
}
