/** What the end of a command's help teaches. */
export interface HelpEnd {
  /** Command lines, each with what it is for, or an empty text where it speaks for itself. */
  readonly examples?: readonly (readonly [line: string, about: string])[]
  /** What stands in no other part, as lines of at most 80 columns. */
  readonly notes?: readonly string[]
  readonly exit?: readonly (readonly [code: string, meaning: string])[]
  readonly environment?: readonly (readonly [name: string, meaning: string])[]
}

/** Columns that help may take: those of the narrowest terminal that people use. */
export const helpColumns = 80

/** The end of a command's help, in the same order and form for every command. */
export function helpEnd({ examples = [], notes = [], exit = [], environment = [] }: HelpEnd): string {
  const parts = [
    examples.length > 0 ? `Examples:\n${exampleLines(examples).join('\n')}` : '',
    notes.join('\n'),
    exit.length > 0 ? `Exit codes:\n${pairLines(exit).join('\n')}` : '',
    environment.length > 0 ? `Environment:\n${pairLines(environment).join('\n')}` : '',
  ]
  return `\n${parts.filter((part) => part !== '').join('\n\n')}`
}

/** An explanation stands beside its command where there is room for all of them, else above it as a comment. */
function exampleLines(examples: NonNullable<HelpEnd['examples']>): readonly string[] {
  const widest = Math.max(...examples.map(([line]) => line.length))
  const beside = examples.every(([, about]) => about === '' || 2 + widest + 2 + about.length <= helpColumns)
  return examples.flatMap(([line, about]) => {
    if (about === '') return [`  ${line}`]
    return beside ? [`  ${line.padEnd(widest)}  ${about}`] : [`  # ${about}`, `  ${line}`]
  })
}

function pairLines(pairs: readonly (readonly [string, string])[]): readonly string[] {
  const widest = Math.max(...pairs.map(([name]) => name.length))
  return pairs.flatMap(([name, meaning]) =>
    wrap(meaning, helpColumns - widest - 4).map((line, i) => `  ${(i === 0 ? name : '').padEnd(widest)}  ${line}`),
  )
}

function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
