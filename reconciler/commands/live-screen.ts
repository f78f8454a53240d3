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
      // Lines that are too long end at the edge: were they wrapped, the top would scroll away.
      if (!open) stdout.write('\u001b[?1049h\u001b[?25l\u001b[?7l')
      open = true
      // Each line is cleared as it is written, not the screen at once: nothing flickers.
      const lines = clip(text, stdout.rows).map((line) => `${line}\u001b[K`)
      stdout.write(`\u001b[H${lines.join('\n')}\u001b[J`)
    },
    end() {
      if (open) stdout.write('\u001b[?7h\u001b[?25h\u001b[?1049l')
      open = false
    },
  }
}

/** The lines that fit on a screen; the last says how many do not. */
export function clip(text: string, rows: number): readonly string[] {
  const lines = text.replace(/\n$/, '').split('\n')
  if (lines.length <= rows) return lines
  const kept = Math.max(0, rows - 1)
  return [...lines.slice(0, kept), `${lines.length - kept} more lines do not fit on the screen`]
}
