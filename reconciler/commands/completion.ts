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
    commands: program.commands.flatMap((command) => describe(command, '')),
  }
  terminal.data(writers[shell](described))
  return 0
}

/** A command, and those below it after it. */
function describe(command: Command, above: string): readonly DescribedCommand[] {
  const name = `${above}${command.name()}`
  const described = {
    name,
    about: command.description(),
    options: command.options.map(optionOf),
    isGroup: command.commands.length > 0,
    values: [
      ...command.commands.map((one) => one.name()),
      ...command.registeredArguments.flatMap((argument: Argument) => argument.argChoices ?? []),
    ],
  }
  return [described, ...command.commands.flatMap((one) => describe(one, `${name} `))]
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
  /** All its words: `cluster add`. */
  readonly name: string
  /** Whether another word is a command below it. */
  readonly isGroup: boolean
  readonly about: string
  readonly options: readonly DescribedOption[]
  /** The values of its argument, or the commands below it. */
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
      options.filter(({ takesValue }) => takesValue).map((option) => branch(pattern(name), option)),
    ),
    ...options.filter(({ takesValue }) => takesValue).map((option) => branch('*', option)),
  ]
}

/** The words of a command as a pattern of a case. */
function pattern(name: string): string {
  return name.includes(' ') ? `'${name}'` : name
}

function isBelow({ name }: DescribedCommand): boolean {
  return name.includes(' ')
}

// Which words are the command: the first that is neither an option of the program nor the value of one, and the next where
// that is the name of a group.
const findCommand = (
  { options, commands }: Described,
  words: string,
  first: number,
  last: string,
) => `  local command= i
  for ((i = ${first}; i < ${last}; i++)); do
    case "\${${words}[i]}" in
      ${options
        .filter(({ takesValue }) => takesValue)
        .flatMap(({ names }) => names)
        .join('|')}) ((i++)) ;;
      -*) ;;
      *)
        command="\${command:+$command }\${${words}[i]}"
        case "$command" in ${commands
          .filter(({ isGroup }) => isGroup)
          .map(({ name }) => pattern(name))
          .join('|')}) ;; *) break ;; esac ;;
    esac
  done`

function bash(described: Described): string {
  const names = described.commands
    .filter((one) => !isBelow(one))
    .map(({ name }) => name)
    .join(' ')
  const offer = (values: readonly string[]) =>
    values.length > 0 ? `words='${values.join(' ')}'` : 'COMPREPLY=($(compgen -f -- "$current")); return'
  const cases = described.commands.map(
    ({ name, options, values }) => `    ${pattern(name)}) words='${[...values, longNames(options)].join(' ')}' ;;`,
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
      `    ${pattern(name)}) ${values.length > 0 ? `compadd -- ${values.join(' ')}; ` : ''}compadd -- ${longNames(options)}; _files ;;`,
  )
  const top = described.commands.filter((one) => !isBelow(one))
  const names = top.map(({ name, about }) => `    ${quoted(`${name}:${about.replaceAll(':', '\\:')}`)}`)
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
  const lines = described.commands.flatMap(({ name, about, options, values, isGroup }) => {
    const words = name.split(' ')
    const seen = (list: readonly string[]) => list.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ')
    const inside = ` -n '${seen(words)}'`
    const above = words.length > 1 ? `'${seen(words.slice(0, -1))}'` : '__fish_use_subcommand'
    if (isGroup) return [`complete -c flotilla -n ${above} -f -a ${words.at(-1)} -d ${quoted(about)}`]
    return [
      `complete -c flotilla -n ${above} -f -a ${words.at(-1)} -d ${quoted(about)}`,
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
