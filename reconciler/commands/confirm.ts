import { createInterface } from 'node:readline/promises'

/**
 * Asks a person on the terminal; true only for `y` or `yes`. Undefined where nobody can be asked, because stdin or stderr is
 * no terminal.
 */
export async function confirm(question: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
  } catch {
    return false // interrupted, or the end of the input
  } finally {
    lines.close()
  }
}
