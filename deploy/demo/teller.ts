import type { Clock } from '../../reconciler/clock.ts'
import { plainSigns } from '../../reconciler/views/text.ts'
import type { Stage } from './stage.ts'
import { clipped, type Show } from './view/show.ts'
import type { StoryLine } from './view/story.ts'

/** Says what the demo does, in one form for all stages. */
export interface Teller {
  /** A stage begins: what will happen, and what a person would have typed. */
  begin(stage: Stage, number: number, of: number): void
  /** The stage acts now: the times of what follows are counted from here. */
  act(): void
  /** The tour is over: times are those of the day from here on. */
  stay(): void
  /** Something that the daemon did. */
  story(line: StoryLine): void
  /** Something that is shown as it is, such as a commit. */
  lines(lines: readonly string[]): void
  /** What came about. */
  came(lines: readonly string[]): void
  /** What did not, and what was seen instead. */
  failed(stage: Stage, message: string): void
}

const wordWidth = 10
const timeWidth = 8

/** A teller on a show. */
export function createTeller(show: Show, clock: Clock): Teller {
  const { screen } = show
  const { ascii } = screen
  let began: number | undefined = clock.now()
  const time = () => {
    const now = clock.now()
    return began === undefined ? timeOfDay(now) : `${((now - began) / 1000).toFixed(1)}s`.padStart(timeWidth)
  }
  const plain = (text: string) => clipped(plainSigns(text, ascii), screen)

  return {
    begin({ name, will, command }, number, of) {
      show.line()
      show.line(screen.style('bold', plain(`${ascii ? '>' : '►'} ${number}/${of} ${name}: ${will}.`)))
      show.line(plain(`  $ ${command}`))
    },
    act() {
      began = clock.now()
    },
    stay() {
      began = undefined
    },
    story({ word, style, text }) {
      const rest = clipped(plainSigns(text, ascii), screen, timeWidth + wordWidth + 3)
      show.line(`${screen.style('dim', time())}  ${screen.style(style, word.padEnd(wordWidth))} ${rest}`)
    },
    lines(lines) {
      for (const line of lines) show.line(screen.style(styleOfChange(line), plain(`  ${line}`)))
    },
    came(lines) {
      for (const line of lines) show.line(screen.style('green', plain(`  ${ascii ? 'ok' : '✔'} ${line}`)))
    },
    failed({ name }, message) {
      show.line(screen.style('red', `  ${ascii ? 'X' : '✖'} ${name} did not come about:`))
      for (const line of message.split('\n')) show.line(`    ${line}`)
    },
  }
}

/** Hours, minutes and seconds where the person is. */
function timeOfDay(now: number): string {
  return new Date(now).toTimeString().slice(0, timeWidth)
}

/** Changes in the colours of a diff, whether of a file or listed in a commit's message; everything else steps back. */
function styleOfChange(line: string): 'red' | 'green' | 'dim' {
  const sign = /^( {2}| {6})([-+])/.exec(line)?.[2]
  return sign === '-' ? 'red' : sign === '+' ? 'green' : 'dim'
}
