import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

/** Credentials never reach a log, whatever a library puts into an error. */
const redacted: string[] = [
  '*.password',
  '*.token',
  '*.authorization',
  'headers.authorization',
  '*.headers.authorization',
]

/** How the daemon logs. */
export interface LogOptions {
  readonly level: string
  /** `auto`: for people on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty'
  /** Whether lines for people are coloured. */
  readonly color: boolean
}

/** The daemon's log on stderr: one JSON object a line, or lines for people on a terminal. */
export function createLog({ level, format, color }: LogOptions): Logger {
  const options = { level, base: null, redact: redacted, timestamp: pino.stdTimeFunctions.isoTime }
  const forPeople = format === 'pretty' || (format === 'auto' && process.stderr.isTTY)
  if (!forPeople) return pino(options, pino.destination({ dest: 2, sync: true }))
  return pino(
    options,
    pretty({
      destination: 2,
      sync: true,
      colorize: color,
      translateTime: 'SYS:HH:MM:ss',
      singleLine: true,
      // An error that is told in a sentence stands in the line like any other field.
      errorLikeObjectKeys: ['err'],
    }),
  )
}
