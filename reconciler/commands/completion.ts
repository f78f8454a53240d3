import type { Argument, Command, Option } from 'commander'
import { worstFirst } from '../views/state.ts'
import type { Terminal } from './terminal.ts'

/** The shells that a completion can be written for. */
export const shells = ['bash', 'zsh', 'fish'] as const

/** One of the shells that a completion can be written for. */
export type Shell = (typeof shells)[number]

/** `flotilla completion SHELL`: prints a script that completes commands, options and their values. */
export function completionCommand(shell: Shell, program: Command, terminal: Terminal): number {
  const described: Described = {
    options: program.options.map(optionOf),
    commands: program.commands.map((command) => ({
      name: command.name(),
      about: command.description(),
      options: command.options.map(optionOf),
      values: command.registeredArguments.flatMap((argument: Argument) => argument.argChoices ?? []),
    })),
  }
  terminal.data(writers[shell](described))
  return 0
}

interface DescribedOption {
  /** `-o` and `--output`, as far as there are both. */
  readonly names: readonly string[]
  readonly about: string
  readonly takesValue: boolean
  /** The values that it takes; none where any text will do. */
  readonly values: readonly string[]
}

interface DescribedCommand {
  readonly name: string
  readonly about: string
  readonly options: readonly DescribedOption[]
  /** The values of its argument. */
  readonly values: readonly string[]
}

interface Described {
  readonly options: readonly DescribedOption[]
  readonly commands: readonly DescribedCommand[]
}

const writers: Readonly<Record<Shell, (described: Described) => string>> = { bash, zsh, fish }

function optionOf({ short, long, description, argChoices, required, optional }: Option): DescribedOption {
  return {
    names: [short, long].filter((name) => name !== undefined),
    about: description,
    takesValue: required || optional,
    values: long === '--sync' ? worstFirst : (argChoices ?? []),
  }
}

/** The long names, as what is offered: one word a thing. */
function longNames(options: readonly DescribedOption[]): string {
  return [...options.flatMap(({ names }) => names.at(-1) ?? []), '--help'].join(' ')
}

/** A case branch for each option that takes a value, with what `offer` makes of its values. */
function valueCases({ options, commands }: Described, offer: (values: readonly string[]) => string): readonly string[] {
  const branch = (command: string, { names, values }: DescribedOption) =>
    `    ${names.map((name) => `${command}:${name}`).join('|')}) ${offer(values)} ;;`
  return [
    ...commands.flatMap(({ name, options }) =>
      options.filter(({ takesValue }) => takesValue).map((option) => branch(name, option)),
    ),
    ...options.filter(({ takesValue }) => takesValue).map((option) => branch('*', option)),
  ]
}

// Which word is the command: the first that is neither an option of the program nor the value of one.
const findCommand = ({ options }: Described, words: string, first: number, last: string) => `  local command= i
  for ((i = ${first}; i < ${last}; i++)); do
    case "\${${words}[i]}" in
      ${options
        .filter(({ takesValue }) => takesValue)
        .flatMap(({ names }) => names)
        .join('|')}) ((i++)) ;;
      -*) ;;
      *) command="\${${words}[i]}"; break ;;
    esac
  done`

function bash(described: Described): string {
  const names = described.commands.map(({ name }) => name).join(' ')
  const offer = (values: readonly string[]) =>
    values.length > 0 ? `words='${values.join(' ')}'` : 'COMPREPLY=($(compgen -f -- "$current")); return'
  const cases = described.commands.map(
    ({ name, options, values }) => `    ${name}) words='${[...values, longNames(options)].join(' ')}' ;;`,
  )
  return `# source <(flotilla completion bash)
_flotilla() {
  local words= current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
${findCommand(described, 'COMP_WORDS', 1, 'COMP_CWORD')}
  case "$command:$before" in
${valueCases(described, offer).join('\n')}
  esac
  if [ -z "$words" ]; then case "$command" in
    '') words='${names} ${longNames(described.options)}' ;;
${cases.join('\n')}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _flotilla flotilla
`
}

function zsh(described: Described): string {
  const offer = (values: readonly string[]) =>
    values.length > 0 ? `compadd -- ${values.join(' ')}; return` : '_files; return'
  const cases = described.commands.map(
    ({ name, options, values }) =>
      `    ${name}) ${values.length > 0 ? `compadd -- ${values.join(' ')}; ` : ''}compadd -- ${longNames(options)}; _files ;;`,
  )
  const names = described.commands.map(({ name, about }) => `    ${quoted(`${name}:${about.replaceAll(':', '\\:')}`)}`)
  return `#compdef flotilla
# source <(flotilla completion zsh)
_flotilla() {
  local -a commands=(
${names.join('\n')}
  )
${findCommand(described, 'words', 2, 'CURRENT')}
  case "$command:\${words[CURRENT-1]}" in
${valueCases(described, offer).join('\n')}
  esac
  case "$command" in
    '') _describe command commands; compadd -- ${longNames(described.options)} ;;
${cases.join('\n')}
  esac
}
compdef _flotilla flotilla
`
}

function fish(described: Described): string {
  const option = (condition: string, { names, about, takesValue, values }: DescribedOption) => {
    const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
    const value = values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : takesValue ? ' -r' : ''
    return `complete -c flotilla${condition} ${flags.join(' ')}${value} -d ${quoted(about)}`
  }
  const lines = described.commands.flatMap(({ name, about, options, values }) => {
    const inside = ` -n '__fish_seen_subcommand_from ${name}'`
    return [
      `complete -c flotilla -n __fish_use_subcommand -f -a ${name} -d ${quoted(about)}`,
      ...(values.length > 0 ? [`complete -c flotilla${inside} -f -a ${quoted(values.join(' '))}`] : []),
      ...options.map((one) => option(inside, one)),
    ]
  })
  return `# flotilla completion fish | source
${[...described.options.map((one) => option('', one)), ...lines].join('\n')}
`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`
}
