/** A terminal that is drawn again and again beside what it showed before. */
export interface LiveScreen {
  /** Shows these lines and nothing else; lines that do not fit on the screen are left out, and said so. */
  draw(text: string): void
  /** Gives the terminal back as it was. */
  end(): void
}

/** The alternate screen of this process's terminal; undefined where stdout is none. */
export function processLiveScreen(stdout: NodeJS.WriteStream = process.stdout): LiveScreen | undefined {
  if (stdout.isTTY !== true) return undefined
  let open = false
  return {
    draw(text) {
      // Lines that are too long are folded here: were they wrapped by the terminal, the top would scroll away.
      if (!open) stdout.write('\u001b[?1049h\u001b[?25l\u001b[?7l')
      open = true
      // Each line is cleared as it is written, not the screen at once: nothing flickers.
      // A terminal that nobody has told its size yet says 0.
      const [rows, columns] = [stdout.rows || 24, stdout.columns || 80]
      const folded = text.split('\n').flatMap((line) => fold(line, columns))
      const lines = clip(folded.join('\n'), rows).map((line) => `${line}\u001b[K`)
      stdout.write(`\u001b[H${lines.join('\n')}\u001b[J`)
    },
    end() {
      if (open) stdout.write('\u001b[?7h\u001b[?25h\u001b[?1049l')
      open = false
    },
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
const signs = /\u001b\[[\d;]*m|./gsu

/** A line as the lines that it takes on a screen that is so wide; colours take no room. */
export function fold(line: string, columns: number): readonly string[] {
  const lines: string[] = []
  let [last, room] = ['', columns]
  for (const sign of line.match(signs) ?? []) {
    const isColour = sign.startsWith('\u001b[')
    if (!isColour && room === 0) {
      lines.push(last)
      last = ''
      room = columns
    }
    last += sign
    if (!isColour) room--
  }
  return [...lines, last]
}

/** The lines that fit on a screen; the last says how many do not. */
export function clip(text: string, rows: number): readonly string[] {
  const lines = text.replace(/\n$/, '').split('\n')
  if (lines.length <= rows) return lines
  const kept = Math.max(0, rows - 1)
  return [...lines.slice(0, kept), `${lines.length - kept} more lines do not fit on the screen`]
}
