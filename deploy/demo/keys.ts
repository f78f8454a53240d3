/** The keyboard of a terminal. */
export interface Keyboard {
  setRawMode(raw: boolean): unknown
  on(event: 'data', listener: (bytes: Buffer) => void): unknown
  off(event: 'data', listener: (bytes: Buffer) => void): unknown
  resume(): unknown
  pause(): unknown
}

/** What a key does. */
export interface KeyActions {
  /** A digit was pressed, counted from 1. */
  digit(number: number): void
  /** Ctrl-C, or q. */
  quit(): void
}

const ctrlC = '\u0003'

/**
 * Listens for single keys, without echo, so that nothing that is typed stands in the panel. Ctrl-C is a key like any other
 * meanwhile. Returns the way to give the keyboard back.
 */
export function listenForKeys(keyboard: Keyboard, { digit, quit }: KeyActions): () => void {
  const onData = (bytes: Buffer) => {
    for (const key of bytes.toString('latin1')) {
      if (key === ctrlC || key === 'q') quit()
      else if (/[1-9]/.test(key)) digit(Number(key))
    }
  }
  keyboard.setRawMode(true)
  keyboard.on('data', onData)
  keyboard.resume()
  return () => {
    keyboard.off('data', onData)
    keyboard.setRawMode(false)
    keyboard.pause()
  }
}
