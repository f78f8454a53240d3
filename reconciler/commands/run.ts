import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { schedule, validate } from 'node-cron'
import { duration, milliseconds } from '../../repo-layout/schema/common.ts'
import { sleep, systemClock } from '../clock.ts'
import { type Daemon, startDaemon } from '../daemon.ts'
import { errorCode, explain } from '../git/error.ts'
import { withoutUserinfo } from '../git/remote.ts'
import { lead } from '../lead/lead.ts'
import { deferred } from '../member/deferred.ts'
import { openCharts } from '../run/charts.ts'
import { commitsInUse } from '../run/commits-in-use.ts'
import { openOffice } from '../run/election.ts'
import { branchesOf, openFleetRepository } from '../run/fleet-repository.ts'
import { type ForgeSearch, forgeSettings, searchForge } from '../run/forge.ts'
import { createLog } from '../run/log.ts'
import { notNewFleet } from '../run/new-fleet.ts'
import { openReach } from '../run/reach.ts'
import { parseListen, type RunFlags, serverTokens } from '../run/settings.ts'
import { version } from '../run/version.ts'
import { createMetrics } from '../server/metrics.ts'
import { startServer } from '../server/server.ts'
import { logChanges } from './run-log.ts'
import { type ColorMode, isColored, refuse, type Terminal } from './terminal.ts'

/** How long a turn waits for charts, in milliseconds, before everything else goes on without them. */
const chartPatience = 3000
/** Longest time that running writes may take once the daemon was told to end, in milliseconds. */
const grace = 7_000
/** With `--once`, reports may take so long after the turn, in milliseconds. */
const reporting = 10_000
/** A lease that is shorter would run out by itself, in milliseconds. */
const shortestLease = 1_000
/** How long the process may live on once everything has ended, in milliseconds. */
const lingering = 200
/** Polls are spread over so many milliseconds, so that many daemons do not ask one forge at once. */
const jitter = 3_000

/**
 * `flotilla run`: pulls, renders, applies and reports until it gets SIGTERM or SIGINT, which finish the running writes
 * and end it within 10 s. SIGHUP pulls at once. Of several daemons over one host cluster one is active, the others wait.
 * With `--once` one turn, then the exit code says whether all clusters are synced: 0, 1 where something failed, 8 where the
 * time was up. 2 where it could not start.
 */
export async function runCommand(flags: RunFlags, color: ColorMode, terminal: Terminal): Promise<number> {
  const listen = parseListen(flags.listen)
  if (!listen) return refuse(terminal, `--listen ${flags.listen}: expected host:port, such as 127.0.0.1:8090`)
  if (!validate(flags.poll))
    return refuse(terminal, `--poll ${flags.poll}: expected a cron expression, such as "*/30 * * * * *"`)
  if (!duration.safeParse(flags.timeout).success)
    return refuse(terminal, `--timeout ${flags.timeout}: expected a duration, such as 10m`)
  if (!duration.safeParse(flags.leaseDuration).success || milliseconds(flags.leaseDuration) < shortestLease)
    return refuse(terminal, `--lease-duration ${flags.leaseDuration}: expected a duration of 1s or more, such as 10s`)
  if (flags.dashboardUrl !== undefined && !/^https?:\/\//.test(flags.dashboardUrl))
    return refuse(
      terminal,
      `--dashboard-url ${flags.dashboardUrl}: expected an address, such as https://flotilla.example.com`,
    )
  const log = createLog({
    level: flags.logLevel,
    format: flags.logFormat,
    color: isColored(process.stderr, color, process.env),
  })
  const clock = systemClock
  const branches = branchesOf(flags)
  const metrics = createMetrics({ version: version() })
  const signalled = untilSignal()
  const charts = openCharts(process.env, clock)
  let forge: ForgeSearch | undefined
  try {
    const tokens = await serverTokens(process.env)
    const settings = await forgeSettings(flags, process.env)
    const search = searchForge(settings, clock, log)
    // Where it is only not found, whose server it is did not ask for them.
    const notes = flags.notes ?? settings === undefined
    forge = search
    const holder = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`
    const agent = `flotilla (${holder})`
    const { close: closeHost, hostApi, ...reach } = openReach(flags, flags.repo, process.env, clock, agent)
    const namespace = flags.hostNamespace
    const term = milliseconds(flags.leaseDuration)
    const office = openOffice(flags, { hostApi, namespace, holder, duration: term, clock })
    const daemon = await lead({
      ...office,
      branches,
      open: () => openFleetRepository(flags, process.env, clock, (text) => log.warn(text)),
      start: (repository, fence) =>
        startDaemon({
          repository,
          branches,
          ...reach,
          fence,
          log,
          metrics,
          pulls: search,
          report: { forge: search.found, notes, dashboardUrl: flags.dashboardUrl },
          renderer: `flotilla ${version()}`,
          charts,
          chartPatience: flags.once ? undefined : chartPatience,
          notNewFleet: (source) => (flags.newFleet ? Promise.resolve(undefined) : notNewFleet(source, reach)),
          commitsInUse: (source) => commitsInUse(source, reach),
          anew: flags.newFleet === true,
        }),
      clock,
      log,
    })
    const server = await startServer({
      api: daemon,
      ...listen,
      logger: log,
      metrics,
      ...tokens,
      onPullRequest: daemon.onPullRequest,
    })
    log.info(
      {
        version: version(),
        api: `http://${listen.host}:${server.port}`,
        repo: withoutUserinfo(flags.repo),
        branch: flags.branch,
      },
      'flotilla is running',
    )
    const stopTelling = logChanges(daemon, log, clock)
    const exit = await turnUntilEnd(daemon, flags, signalled)
    stopTelling()
    const stopped = stopAll(daemon, server, search, charts, { close: closeHost }).then(() =>
      log.info('flotilla has ended'),
    )
    if ((await Promise.race([stopped, sleep(clock, grace).then(() => 'late')])) === 'late') {
      log.warn('writes under way did not end in time')
      process.exit(exit)
    }
    // A connection that is still being made to a cluster that hangs would keep the process for as long as it may take.
    clock.after(lingering, () => process.exit(exit))
    return exit
  } catch (error) {
    await forge?.close()
    return refuse(terminal, startProblem(error, flags))
  } finally {
    signalled.off()
  }
}

/** Turns at once, on every poll and on SIGHUP, until it is to end; gives the exit code. */
async function turnUntilEnd(daemon: Daemon, flags: RunFlags, signalled: Signalled): Promise<number> {
  signalled.onHangup(() => void daemon.sync())
  const polling = schedule(flags.poll, () => daemon.sync(), { noOverlap: true, maxRandomDelay: jitter })
  void daemon.sync()
  try {
    return await (flags.once ? once(daemon, milliseconds(flags.timeout), signalled.exit) : signalled.exit)
  } finally {
    await polling.stop()
    // A second signal ends it the hard way.
    signalled.off()
  }
}

function startProblem(error: unknown, { listen }: RunFlags): string {
  if (errorCode(error) === 'EADDRINUSE') return `--listen ${listen}: the address is in use; does another daemon run?`
  return explain(error)
}

async function stopAll(daemon: Daemon, ...others: readonly { close(): Promise<void> }[]): Promise<void> {
  await daemon.stop()
  for (const other of others) await other.close()
}

interface Signalled {
  /** The exit code once the process is told to end: 0 for SIGTERM, 130 for Ctrl-C. */
  readonly exit: Promise<number>
  onHangup(call: () => void): void
  off(): void
}

function untilSignal(): Signalled {
  const { promise: exit, resolve } = deferred<number>()
  let hangup = () => {}
  const onTerm = () => resolve(0)
  const onInt = () => resolve(130)
  const onHup = () => hangup()
  process.on('SIGTERM', onTerm).on('SIGINT', onInt).on('SIGHUP', onHup)
  return {
    exit,
    onHangup: (call) => {
      hangup = call
    },
    off: () => void process.off('SIGTERM', onTerm).off('SIGINT', onInt).off('SIGHUP', onHup),
  }
}

/** Waits until all that one turn told the members is done, or until the time is up. */
async function once(daemon: Daemon, timeout: number, signalled: Promise<number>): Promise<number> {
  const { promise: outcome, resolve } = deferred<number>()
  const look = () => {
    const { sync, source, generated } = daemon.status()
    if (!daemon.ready()) return
    if (source.problem !== '' || generated.problem !== '') resolve(1)
    else if (sync === 'synced' || sync === 'suspended') resolve(0)
  }
  const stopWaiting = daemon.onChange(look)
  // Before every member has tried, its state is that of the commit before.
  const tried = daemon
    .sync()
    .then(() => daemon.settled())
    .then(look)
  const timedOut = sleep(systemClock, timeout).then(() => (daemon.status().sync === 'progressing' ? 8 : 1))
  try {
    const exit = await Promise.race([tried.then(() => outcome), timedOut, signalled])
    await Promise.race([daemon.reported(), sleep(systemClock, reporting), signalled])
    return exit
  } finally {
    stopWaiting()
  }
}
