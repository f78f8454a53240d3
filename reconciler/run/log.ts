import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import { tame } from '../views/tame.ts'

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
      // Fields stand behind the message as `name=value`; only what was thrown keeps lines of its own, for its stack.
      hideObject: true,
      messageFormat: (log, messageKey, _label, { colors }) =>
        `${colors.cyan(String(log[messageKey] ?? ''))}${colors.gray(fieldsText(log))}${stackText(log)}`,
    }),
  )
}

const hidden: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'err'])

/** The fields of a log line as people read them: `  cluster=eu applied=2`. */
export function fieldsText(log: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(log).filter(([name]) => !hidden.has(name))
  return fields.map(([name, value], i) => `${i === 0 ? '  ' : ' '}${name}=${valueText(value)}`).join('')
}

function valueText(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  // A commit id is known by its first signs.
  if (/^[0-9a-f]{40}$/.test(value)) return value.slice(0, 7)
  return /^[^\s"=\p{Cc}\p{Cf}]+$/u.test(value) ? value : tame(JSON.stringify(value))
}

function stackText({ err }: Readonly<Record<string, unknown>>): string {
  if (typeof err !== 'object' || err === null || !('stack' in err)) return ''
  return `\n${String(err.stack)}`
}
