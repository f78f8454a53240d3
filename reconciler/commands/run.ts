import { readFile } from 'node:fs/promises'
import { schedule, validate } from 'node-cron'
import { milliseconds } from '../../repo-layout/schema/common.ts'
import { sleep, systemClock } from '../clock.ts'
import { type Daemon, startDaemon } from '../daemon.ts'
import { openRepository } from '../git/open.ts'
import { openHost } from '../run/host.ts'
import { createLog } from '../run/log.ts'
import { notNewFleet } from '../run/new-fleet.ts'
import { cloneDir, gitAuth, hostSettings, parseListen, type RunFlags } from '../run/settings.ts'
import { version } from '../run/version.ts'
import { createMetrics } from '../server/metrics.ts'
import { startServer } from '../server/server.ts'
import type { Terminal } from './terminal.ts'

/** Longest time that running writes may take once the daemon was told to end, in milliseconds. */
const grace = 9_000
/** Polls are spread over so many milliseconds, so that many daemons do not ask one forge at once. */
const jitter = 3_000

/**
 * `flotilla run`: pulls, renders, applies and reports until it gets SIGTERM or SIGINT, which finish the running writes
 * and end it within 10 s. SIGHUP pulls at once. With `--once` one turn, then the exit code says whether all clusters are
 * synced: 0, 1 where something failed, 8 where the time was up.
 */
export async function runCommand(flags: RunFlags, terminal: Terminal): Promise<number> {
  const listen = parseListen(flags.listen)
  if (!listen) return refuse(terminal, `--listen ${flags.listen}: expected host:port, such as 127.0.0.1:8090`)
  if (!validate(flags.poll))
    return refuse(terminal, `--poll ${flags.poll}: expected a cron expression, such as "*/30 * * * * *"`)
  const log = createLog(flags.logLevel, flags.logFormat)
  const clock = systemClock
  const host = openHost(hostSettings(flags, process.env), clock)
  const branches = { source: flags.branch, generated: flags.generatedBranch }
  const metrics = createMetrics({ version: version() })
  const repository = await openRepository({
    url: flags.repo,
    branches,
    dir: cloneDir(flags, process.env),
    auth: await gitAuth(process.env),
    clock,
    warn: (text) => log.warn(text),
    ...(flags.gitCa === undefined ? {} : { ca: await readFile(flags.gitCa, 'utf8') }),
  })
  const daemon = startDaemon({
    repository,
    branches,
    readSecret: host.readSecret,
    clock,
    log,
    metrics,
    renderer: `flotilla ${version()}`,
    notNewFleet: (source) =>
      flags.newFleet ? Promise.resolve(undefined) : notNewFleet(source, { clock, readSecret: host.readSecret }),
  })
  const server = await startServer({ api: daemon, ...listen, logger: log, metrics })
  log.info({ version: version(), listen: `${listen.host}:${server.port}`, branch: flags.branch }, 'flotilla is running')

  const signalled = untilSignal(() => void daemon.sync())
  const polling = schedule(flags.poll, () => daemon.sync(), { noOverlap: true, maxRandomDelay: jitter })
  const turned = daemon.sync()
  const exit = flags.once ? await once(daemon, milliseconds(flags.timeout), signalled.promise) : await signalled.promise

  await polling.stop()
  signalled.off()
  await Promise.race([stopAll(), sleep(clock, grace)])
  return exit

  async function stopAll(): Promise<void> {
    await daemon.stop()
    await turned
    await server.close()
    await host.close()
    log.info('flotilla has ended')
  }
}

function refuse(terminal: Terminal, text: string): number {
  terminal.fail(text)
  return 2
}

/** Resolves with the exit code when the process is told to end: 0 for SIGTERM, 130 for Ctrl-C. */
function untilSignal(onHangup: () => void): { readonly promise: Promise<number>; off(): void } {
  let resolve: (exit: number) => void = () => undefined
  const promise = new Promise<number>((done) => {
    resolve = done
  })
  const onTerm = () => resolve(0)
  const onInt = () => resolve(130)
  process.on('SIGTERM', onTerm).on('SIGINT', onInt).on('SIGHUP', onHangup)
  return {
    promise,
    off: () => void process.off('SIGTERM', onTerm).off('SIGINT', onInt).off('SIGHUP', onHangup),
  }
}

async function once(daemon: Daemon, timeout: number, signalled: Promise<number>): Promise<number> {
  let stopWaiting = () => {}
  const outcome = new Promise<number>((resolve) => {
    const look = () => {
      const { sync, source, generated } = daemon.status()
      if (!daemon.ready()) return
      if (source.problem !== '') resolve(1)
      else if (sync === 'synced' || sync === 'suspended') resolve(generated.problem === '' ? 0 : 1)
    }
    stopWaiting = daemon.onChange(look)
    void daemon.sync().then(look)
  })
  const timedOut = sleep(systemClock, timeout).then(() => (daemon.status().sync === 'progressing' ? 8 : 1))
  try {
    return await Promise.race([outcome, timedOut, signalled])
  } finally {
    stopWaiting()
  }
}
