import { z } from 'zod'
import type { Subject } from '../../repo-layout/subject.ts'

/** What stands for a whole cluster where a Subject may stand. */
export const wholeCluster = '*'

const pauseSchema = z.object({
  subject: z.string().min(1),
  until: z.iso.datetime(),
  reason: z.string(),
  by: z.string(),
  at: z.iso.datetime(),
})

/**
 * A span in which nothing is written to an object of a member, or to the whole of it (`subject` is `*`): what it is paused
 * for, who asked for it as they said, and ISO times.
 */
export type Pause = Readonly<z.infer<typeof pauseSchema>>

/** Longest pause, in milliseconds: seven days. What is to be left alone for longer belongs in Git. */
export const longestPause = 7 * 86_400_000

/** Reads pauses, one JSON object a line. Throws on what cannot be read: unreadable pauses are never none. */
export function parsePauses(text: string): Pause[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => pauseSchema.parse(JSON.parse(line)))
}

/** Writes pauses as `parsePauses` reads them, sorted by Subject. */
export function formatPauses(pauses: readonly Pause[]): string {
  return [...pauses]
    .sort((a, b) => (a.subject < b.subject ? -1 : 1))
    .map((pause) => JSON.stringify(pause))
    .join('\n')
}

/** The pauses that hold at a time in milliseconds. */
export function inForce(pauses: readonly Pause[], now: number): Pause[] {
  return pauses.filter(({ until }) => Date.parse(until) > now)
}

/** The pauses without that of one Subject. */
export function withoutPause(pauses: readonly Pause[], subject: Subject): Pause[] {
  return pauses.filter((pause) => pause.subject !== subject)
}

/** A pause in one line for people; times are UTC. */
export function pauseSentence({ until, by, reason }: Pause): string {
  const end = `${until.slice(0, 16).replace('T', ' ')}Z`
  return `paused until ${end} by ${by}${reason === '' ? '' : `: ${reason}`}`
}
