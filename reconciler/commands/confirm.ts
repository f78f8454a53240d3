import { createInterface } from 'node:readline/promises'
import type { CommandContext } from './context.ts'

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

/** Whether the person agrees. Where nobody can be asked, only `--yes` is an answer. */
export async function mayGoOn(
  question: string,
  yes: true | undefined,
  { terminal }: Pick<CommandContext, 'terminal'>,
): Promise<boolean> {
  if (yes) return true
  const answer = await confirm(question)
  if (answer === undefined) terminal.fail('nobody can be asked here; add --yes to go on, or --dry-run to look only')
  else if (!answer) terminal.note('Nothing was written.')
  return answer === true
}
