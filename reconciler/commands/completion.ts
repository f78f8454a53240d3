import type { Command } from 'commander'
import type { Terminal } from './terminal.ts'

/** The shells that a completion can be written for. */
export const shells = ['bash', 'zsh', 'fish'] as const

/** One of the shells that a completion can be written for. */
export type Shell = (typeof shells)[number]

/** `flotilla completion SHELL`: prints a script that completes commands and options of this program. */
export function completionCommand(shell: Shell, program: Command, terminal: Terminal): number {
  const commands = program.commands.map((command) => ({
    name: command.name(),
    about: command.description().replaceAll("'", '’'),
    options: command.options.flatMap(({ long }) => (long ? [long] : [])),
  }))
  terminal.data(writers[shell](commands))
  return 0
}

interface Described {
  readonly name: string
  readonly about: string
  readonly options: readonly string[]
}

const writers: Readonly<Record<Shell, (commands: readonly Described[]) => string>> = { bash, zsh, fish }

function bash(commands: readonly Described[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const cases = commands.map(({ name, options }) => `    ${name}) words='${[...options, '--help'].join(' ')}' ;;`)
  return `# source <(flotilla completion bash)
_flotilla() {
  local words='${names}' current="\${COMP_WORDS[COMP_CWORD]}"
  case "\${COMP_WORDS[1]}" in
${cases.map((line) => `${line}\n`).join('')}  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words='${names}'; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -F _flotilla flotilla
`
}

function zsh(commands: readonly Described[]): string {
  const names = commands.map(({ name, about }) => `'${name}:${about.replaceAll(':', '\\:')}'`)
  const cases = commands.map(({ name, options }) => `    ${name}) compadd -- ${[...options, '--help'].join(' ')} ;;`)
  return `#compdef flotilla
# source <(flotilla completion zsh)
_flotilla() {
  local -a commands=(
${names.map((line) => `    ${line}\n`).join('')}  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  if [[ $words[CURRENT] != -* ]]; then _files; return; fi
  case $words[2] in
${cases.map((line) => `${line}\n`).join('')}  esac
}
compdef _flotilla flotilla
`
}

function fish(commands: readonly Described[]): string {
  const lines = commands.flatMap(({ name, about, options }) => [
    `complete -c flotilla -n __fish_use_subcommand -a ${name} -d '${about}'`,
    ...options.map((long) => `complete -c flotilla -n '__fish_seen_subcommand_from ${name}' -l ${long.slice(2)}`),
  ])
  return `# flotilla completion fish | source\n${lines.join('\n')}\n`
}
