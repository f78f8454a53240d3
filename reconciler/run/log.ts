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

/** The daemon's log on stderr: one JSON object a line, or lines for people on a terminal. */
export function createLog(level: string, format: 'auto' | 'json' | 'pretty'): Logger {
  const options = { level, base: null, redact: redacted, timestamp: pino.stdTimeFunctions.isoTime }
  const forPeople = format === 'pretty' || (format === 'auto' && process.stderr.isTTY)
  if (!forPeople) return pino(options, pino.destination({ dest: 2, sync: true }))
  return pino(options, pretty({ destination: 2, sync: true, translateTime: 'HH:MM:ss', singleLine: true }))
}
