import { posix } from 'node:path'
import type { Message } from '../message.ts'
import { problem } from './file.ts'
import { isRelevant } from './folder.ts'
import { type Selection, tryRead } from './select.ts'
import type { SourceEntry, SourceTree } from './tree.ts'

/**
 * What is wrong with the symbolic links of a tree. None is ever followed: what a link inside of the tree points to is read
 * where it lies, and what lies outside is not the fleet's.
 */
export async function checkLinks(tree: SourceTree, selection: Selection): Promise<readonly Message[]> {
  const found: Message[] = []
  for (const link of selection.links) {
    const message = await checkLink(tree, link, selection)
    if (message) found.push(message)
  }
  return found
}

async function checkLink(tree: SourceTree, link: SourceEntry, selection: Selection): Promise<Message | undefined> {
  const bytes = await tryRead(tree, link)
  if ('problem' in bytes) return bytes.problem
  const target = Buffer.from(bytes.content).toString('utf8')
  const path = posix.normalize(posix.join(posix.dirname(link.path), target)).replace(/\/$/, '')
  if (target.startsWith('/') || path === '..' || path.startsWith('../')) {
    return problem(link.path, 'file-symlink', `the link leads out of the tree, to ${target}; copy the file here`)
  }
  // Only links to documents are missed: a repository may link its READMEs as it likes.
  if (selection.has(path) || !(isRelevant(link.path) || isRelevant(path))) return undefined
  const text = `the link leads to ${target}, which is not read`
  return { ...problem(link.path, 'file-symlink', text), severity: 'warning' }
}
