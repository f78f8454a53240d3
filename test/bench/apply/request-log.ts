import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AuditEntry, readAuditLog } from '../../testbed/audit-log.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'

/** A request of a contender, as the API server that answered it wrote it down. */
export interface Answered {
  readonly cluster: string
  readonly verb: string
  readonly status: number
  /** Of an object in a namespace of the benchmark: `namespace/resource/name`; undefined for everything else. */
  readonly object: string | undefined
  readonly dryRun: boolean
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  readonly answeredAt: number
}

/**
 * The requests that all clusters answered. Every contender is measured by it alone: none is asked how it fares while
 * the clock runs, which would cost it time, and none is taken at its word.
 */
export interface RequestLog {
  /** What was answered since a time, oldest first, by one user. */
  since(time: number, user: string): readonly Answered[]
  /** Waits until `enough` says so of what one user was answered since a time; rejects after `limit` milliseconds. */
  until(
    time: number,
    user: string,
    enough: (answered: readonly Answered[]) => boolean,
    limit?: number,
  ): Promise<readonly Answered[]>
  /** Waits until nothing of a user was answered for `quiet` milliseconds. */
  untilQuiet(time: number, user: string, quiet: number): Promise<readonly Answered[]>
  close(): void
}

/** Looking costs the machine that is measured: not oftener than needed. Times are the servers' own. */
const lookEvery = 100
const patience = 180_000

/** Opens the request logs of control planes that were started with the option `audit`. */
export function openRequestLog(planes: readonly Pick<ControlPlane, 'name' | 'auditLogPath'>[]): RequestLog {
  const tails = planes.map((plane) => ({ cluster: plane.name, read: tail(plane.auditLogPath) }))
  const byUser = new Map<string, Answered[]>()

  function keep(user: string, one: Answered): void {
    const known = byUser.get(user)
    if (known) known.push(one)
    else byUser.set(user, [one])
  }

  function since(time: number, user: string): readonly Answered[] {
    for (const { cluster, read } of tails)
      for (const entry of readAuditLog(read())) if (isOnce(entry)) keep(entry.user.username, answered(cluster, entry))
    return (byUser.get(user) ?? []).filter((one) => one.receivedAt >= time)
  }

  async function until(
    time: number,
    user: string,
    enough: (answered: readonly Answered[]) => boolean,
    limit = patience,
  ): Promise<readonly Answered[]> {
    for (const end = Date.now() + limit; ; await sleep(lookEvery)) {
      const found = since(time, user)
      if (enough(found)) return found
      if (Date.now() > end) throw new Error(`${user}: not done after ${limit / 1000} s and ${found.length} requests`)
    }
  }

  return {
    since,
    until,
    untilQuiet: (time, user, quiet) =>
      until(time, user, (found) => {
        const last = Math.max(0, ...found.map(({ answeredAt }) => answeredAt))
        return last > 0 && Date.now() - last > quiet
      }),
    close() {
      for (const { read } of tails) read.close()
    },
  }
}

/** Whether an object was written by it. */
export function isWrite({ verb, status, object, dryRun }: Answered): boolean {
  return object !== undefined && !dryRun && status < 300 && ['create', 'update', 'patch'].includes(verb)
}

/** The time of the last answer; minus infinity where there is none. */
export function lastAnswer(found: readonly Answered[]): number {
  return found.reduce((last, { answeredAt }) => Math.max(last, answeredAt), Number.NEGATIVE_INFINITY)
}

/** A watch is written down when it begins and when it ends: its beginning is the request. */
function isOnce({ verb, stage }: AuditEntry): boolean {
  return stage === (verb === 'watch' ? 'ResponseStarted' : 'ResponseComplete')
}

function answered(cluster: string, entry: AuditEntry): Answered {
  const { objectRef, requestURI: uri } = entry
  const { namespace = '', resource = '', name = '' } = objectRef ?? {}
  const isOurs = namespace.startsWith('bench-') && name !== '' && resource !== 'namespaces'
  return {
    cluster,
    verb: entry.verb,
    status: entry.responseStatus?.code ?? 0,
    object: isOurs ? `${namespace}/${resource}/${name}` : undefined,
    dryRun: uri.includes('dryRun=All'),
    receivedAt: Date.parse(entry.requestReceivedTimestamp),
    answeredAt: Date.parse(entry.stageTimestamp),
  }
}

/** Reads what was added to a file since the last call, whole lines only. */
function tail(path: string): { (): string; close(): void } {
  const file = openSync(path, 'r')
  let position = 0
  const read = () => {
    const size = fstatSync(file).size - position
    if (size <= 0) return ''
    const buffer = Buffer.alloc(size)
    const count = readSync(file, buffer, 0, size, position)
    const end = buffer.subarray(0, count).lastIndexOf('\n') + 1
    position += end
    return buffer.toString('utf8', 0, end)
  }
  return Object.assign(read, { close: () => closeSync(file) })
}
