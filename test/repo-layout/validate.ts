import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type RenderExit, validateCommand } from '../../reconciler/commands/render.ts'
import type { Terminal } from '../../reconciler/commands/terminal.ts'

/** A file of a source: its text or bytes, or where a symbolic link points. */
export type SourceContent = string | Uint8Array | { readonly link: string }

/** What `flotilla validate` said. */
export interface Validation {
  readonly exit: RenderExit
  /** The lines of messages, as they are printed. */
  readonly lines: readonly string[]
  /** The closing sentence. */
  readonly note: string
}

/** Two clusters, for sources that are about something else. */
export const usualFiles = {
  'flotilla.yaml': 'apiVersion: flotilla.dev/v1alpha1\nkind: Fleet\nmetadata: {name: test}\n',
  'clusters.yaml': ['one', 'two']
    .map((name) => `apiVersion: flotilla.dev/v1alpha1\nkind: Cluster\nmetadata: {name: ${name}, labels: {env: prod}}\n`)
    .join('---\n'),
} as const

/** Writes files into a folder, which is made. */
export function writeSource(folder: string, files: Iterable<readonly [path: string, content: SourceContent]>): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    if (typeof content === 'object' && 'link' in content) symlinkSync(content.link, join(folder, path))
    else writeFileSync(join(folder, path), content)
  }
}

/** A terminal that keeps the lines of messages and the closing sentences of a command. */
export function messageLines(): {
  readonly terminal: Terminal
  readonly lines: readonly string[]
  readonly notes: readonly string[]
} {
  const lines: string[] = []
  const notes: string[] = []
  return {
    lines,
    notes,
    terminal: {
      data: () => undefined,
      message: (_, line) => void lines.push(line),
      note: (text) => void notes.push(text),
      fail: (text) => void notes.push(text),
      style: (_, text) => text,
      columns: undefined,
    },
  }
}

/** Runs `flotilla validate` on a folder. */
export async function validateFolder(folder: string): Promise<Validation> {
  const { terminal, lines, notes } = messageLines()
  const exit = await validateCommand({ source: folder }, terminal)
  return { exit, lines, note: notes.join('\n') }
}

/** Runs `flotilla validate` on files; where there is no `flotilla.yaml` among them, with the usual ones beside them. */
export async function validateFiles(files: ReadonlyMap<string, SourceContent>): Promise<Validation> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-source-'))
  try {
    writeSource(folder, files.has('flotilla.yaml') ? files : [...Object.entries(usualFiles), ...files])
    return await validateFolder(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
