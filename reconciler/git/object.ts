import { createHash } from 'node:crypto'
import { GitError } from './error.ts'
import type { Commit } from './types.ts'

/** The kinds of object that history is made of; a tag is an annotated one. */
export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag'

/** One line of a tree: `040000` never, Git writes a folder's mode as `40000`. */
export interface TreeLine {
  readonly mode: string
  readonly name: string
  readonly oid: string
}

/** The mode of a folder in a tree. */
export const folderMode = '40000'

/** The id that Git gives these bytes as an object of this type. */
export function objectOid(type: ObjectType, content: Uint8Array): string {
  return createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex')
}

/** Orders the lines of a tree as Git does: by bytes, a folder as if its name ended in a slash. */
export function compareTreeLines(a: TreeLine, b: TreeLine): number {
  const left = a.mode === folderMode ? `${a.name}/` : a.name
  const right = b.mode === folderMode ? `${b.name}/` : b.name
  // Code units order as bytes do, but for signs that need two units.
  if (/[\ud800-\udfff]/.test(left + right)) return Buffer.compare(Buffer.from(left), Buffer.from(right))
  return left < right ? -1 : left > right ? 1 : 0
}

/** The bytes of a tree; the lines must be in Git's order. */
export function encodeTree(lines: readonly TreeLine[]): Buffer {
  return Buffer.concat(
    lines.flatMap(({ mode, name, oid }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]),
  )
}

/** The lines of a tree in Git's order. Rejects bytes that are no tree with `corrupt`. */
export function decodeTree(content: Uint8Array): readonly TreeLine[] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const lines: TreeLine[] = []
  let offset = 0
  while (offset < bytes.length) {
    const space = bytes.indexOf(0x20, offset)
    const end = bytes.indexOf(0, space)
    if (space < 0 || end < 0 || end + 21 > bytes.length) throw new GitError('corrupt', 'a tree object is cut off')
    const mode = bytes.toString('latin1', offset, space).replace(/^0+/, '')
    lines.push({ mode, name: bytes.toString('utf8', space + 1, end), oid: bytes.toString('hex', end + 1, end + 21) })
    offset = end + 21
  }
  return lines
}

/** The bytes of a commit; the author is the committer too. `time` is in seconds since the epoch. */
export function encodeCommit(commit: Omit<Commit, 'oid'>): Buffer {
  const { name, email, time } = commit.author
  const person = `${identity(name) || 'flotilla'} <${identity(email)}> ${Math.floor(time)} +0000`
  const headers = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${person}`,
    `committer ${person}`,
  ]
  // Git's own commits end in a line feed, and a NUL would end the message for every reader.
  const message = commit.message.replaceAll('\0', '').trimEnd()
  return Buffer.from(`${headers.join('\n')}\n\n${message}\n`)
}

/** Reads a commit, signed or not; its message without the closing line feeds. `time` is in seconds since the epoch. */
export function decodeCommit(oid: string, content: Uint8Array): Commit {
  const text = Buffer.from(content).toString('utf8')
  const split = text.indexOf('\n\n')
  const headers = (split < 0 ? text : text.slice(0, split)).split('\n')
  const values = (name: string) =>
    headers.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))
  const [tree] = values('tree')
  const author = /^(.*?) ?<([^>]*)> (-?\d+)/.exec(values('author')[0] ?? '')
  if (tree === undefined) throw new GitError('corrupt', `commit ${oid} has no tree`)
  return {
    oid,
    tree,
    parents: values('parent'),
    message: split < 0 ? '' : text.slice(split + 2).replace(/\n+$/, ''),
    author: { name: author?.[1] ?? '', email: author?.[2] ?? '', time: Number(author?.[3] ?? 0) },
  }
}

function identity(text: string): string {
  return [...text]
    .filter((sign) => sign >= ' ' && sign !== '<' && sign !== '>')
    .join('')
    .trim()
}
