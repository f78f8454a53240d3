import { readFile } from 'node:fs/promises'

const reading = new Map<string, Promise<string>>()
const texts = new Map<string, string>()

/**
 * The text of a file that many members may ask for: those that ask at once have it read once, and as long as it stays the
 * same all of them hold one copy. Rejects as `readFile` does; the next to ask tries again.
 */
export function readShared(path: string): Promise<string> {
  const under = reading.get(path)
  if (under) return under
  const text = read(path).finally(() => reading.delete(path))
  reading.set(path, text)
  return text
}

async function read(path: string): Promise<string> {
  const text = await readFile(path, 'utf8')
  const before = texts.get(path)
  if (before === text) return before
  texts.set(path, text)
  return text
}
