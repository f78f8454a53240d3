import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { helpColumns } from '../../../reconciler/commands/help.ts'
import { buildProgram } from '../../../reconciler/commands/program.ts'
import { version } from '../../../reconciler/run/version.ts'
import { root } from './cli.ts'

const program = buildProgram({
  terminal() {
    throw new Error('nothing is run here')
  },
  color: () => 'never',
  exit: () => undefined,
})

/** The help of a command as a person sees it in a terminal of 80 columns. */
function helpOf(command: Command): string {
  let text = ''
  const write = (chunk: string) => {
    text += chunk
  }
  command.configureOutput({ writeOut: write, getOutHelpWidth: () => helpColumns, getOutHasColors: () => false })
  command.outputHelp()
  return text
}

/** The words that call a command. */
function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()
}

const everyCommand = program.commands.flatMap((command) => [command, ...command.commands])

const page = () => {
  const commands = [program, ...everyCommand.filter((command) => command.name() !== 'help')]
  const sections = commands.map((command) => {
    const name = nameOf(command)
    const text = helpOf(command).replace(/\n\nGlobal Options:\n( .*\n)*/, '\n')
    return `## ${name}\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`
  })
  return `# Commands\n\nWhat \`--help\` says, as of version ${version()}.\n\n${sections.join('\n')}`
}

describe('--help', () => {
  for (const command of [program, ...everyCommand]) {
    it(`of ${nameOf(command)} fits into ${helpColumns} columns`, () => {
      const wide = helpOf(command)
        .split('\n')
        .filter((line) => line.length > helpColumns)
      assert.deepEqual(wide, [])
    })
  }

  for (const command of everyCommand.filter((one) => !['help', 'version'].includes(one.name()))) {
    it(`of ${nameOf(command)} has an example that names only options it has`, () => {
      const [, examples = ''] = helpOf(command).split('\nExamples:\n')
      const lines = (examples.split('\n\n')[0] ?? '').split(/\n|&&/)
      const own = lines.filter((line) => line.includes(nameOf(command)))
      assert.ok(own.length > 0)
      const known = [command, ...command.commands]
        .flatMap(({ options }) => options)
        .flatMap(({ short, long }) => [short, long])
      for (const line of own) {
        for (const [option] of line.matchAll(/(?<= )--?[a-z][a-z-]*/g))
          assert.ok(known.includes(option), `${option}: ${line}`)
      }
    })
  }

  it('is the page about commands (FLOTILLA_GOLDEN=write makes it anew)', () => {
    const path = join(root, 'docs/commands.md')
    if (process.env.FLOTILLA_GOLDEN === 'write') writeFileSync(path, page())
    assert.equal(readFileSync(path, 'utf8'), page())
  })
})
