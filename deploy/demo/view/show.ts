import type { Screen } from '../../../reconciler/views/screen.ts'
import { cut } from '../../../reconciler/views/text.ts'

/** Where the demo is shown: lines that stay, and on a terminal a panel below them that is drawn again and again. */
export interface Show {
  readonly screen: Screen
  /** Whether somebody watches a terminal. */
  readonly live: boolean
  /** Writes one line, whatever colours it has, above the panel. */
  line(text?: string): void
  /** Draws the panel anew; nothing where there is no terminal. Lines wider than the terminal are left out. */
  panel(lines: readonly string[]): void
  /** Takes the panel away and shows the cursor again. */
  end(): void
}

/** Where a show writes to. */
export interface Output {
  write(text: string): unknown
  readonly rows?: number | undefined
}

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'

/** A show on an output; `screen.columns` tells whether it is a terminal. */
export function createShow(output: Output, screen: Screen): Show {
  const live = screen.columns !== undefined
  let drawn: readonly string[] = []

  const erase = () => (drawn.length === 0 ? '' : `\u001b[${drawn.length}A\r\u001b[J`)
  const draw = (lines: readonly string[]) => lines.map((text) => `${text}\n`).join('')
  return {
    screen,
    live,
    line(text = '') {
      output.write(live ? `${erase()}${text}\n${draw(drawn)}` : `${text}\n`)
    },
    panel(lines) {
      if (!live) return
      // A panel that is higher than the screen could not be erased again.
      const fitting = lines.slice(0, Math.max(0, (output.rows ?? 24) - 2))
      if (fitting.length === drawn.length && fitting.every((text, i) => text === drawn[i])) return
      output.write(`${drawn.length === 0 ? hideCursor : ''}${erase()}${draw(fitting)}`)
      drawn = fitting
    },
    end() {
      if (live) output.write(`${erase()}${showCursor}`)
      drawn = []
    },
  }
}

/** Cuts a text to the width of the screen, so that a line never wraps; colour it afterwards. */
export function clipped(text: string, { columns, ascii }: Pick<Screen, 'columns' | 'ascii'>, indent = 0): string {
  return columns === undefined ? text : cut(text, Math.max(10, columns - indent), ascii)
}
