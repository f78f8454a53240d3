import pino from 'pino'
import { createMetrics, type Metrics } from '../../../reconciler/server/metrics.ts'
import { type RunningServer, type ServerOptions, startServer } from '../../../reconciler/server/server.ts'
import type {
  ClusterDiff,
  ClusterHistory,
  DaemonApi,
  FleetStatus,
  PauseOutcome,
  PauseRequest,
} from '../../../reconciler/server/types.ts'
import { type Observations, observationsSchema } from '../../../repo-layout/observations.ts'

/** A daemon that says what a test tells it to, and nothing of it is real but its HTTP server. */
export interface FakeDaemon {
  readonly url: string
  readonly port: number
  readonly metrics: Metrics
  /** Everything that was logged. */
  readonly logged: readonly { readonly level: number; readonly msg: string }[]
  /** How often a sync was asked for. */
  syncs(): number
  /** What was asked to be paused and resumed. */
  readonly asked: readonly Partial<PauseRequest>[]
  /** How many listen for changes. */
  listeners(): number
  /** Tells another status from now on, and that it changed. */
  tell(status: FleetStatus): void
  close(): Promise<void>
}

/** What a fake daemon says. */
export interface FakeOptions
  extends Partial<Pick<ServerOptions, 'apiToken' | 'webhookToken' | 'onPullRequest' | 'clock' | 'host'>> {
  readonly port?: number
  readonly diffs?: readonly ClusterDiff[]
  readonly histories?: readonly ClusterHistory[]
  readonly observations?: Observations
  /** What comes of a pause; refused where it is not given. */
  readonly onPause?: (request: PauseRequest) => PauseOutcome
  readonly onResume?: (request: Parameters<DaemonApi['resume']>[0]) => PauseOutcome
  readonly ready?: boolean
  readonly healthy?: boolean
  /** Called for each sync; what it throws is what the daemon throws. */
  readonly onSync?: (tell: (status: FleetStatus) => void) => void
}

/** Starts a fake daemon on a free port of this machine. */
export async function startFakeDaemon(first: FleetStatus, options: FakeOptions = {}): Promise<FakeDaemon> {
  const { diffs = [], ready = true, healthy = true, onSync, port = 0, ...server } = options
  const logged: { level: number; msg: string }[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line)) })
  const metrics = createMetrics({ version: '1.2.3' })
  const listeners = new Set<() => void>()
  let status = first
  let syncs = 0
  const asked: Partial<PauseRequest>[] = []
  const refused: PauseOutcome = { type: 'refused', status: 404, error: 'nothing of that name' }
  const tell = (next: FleetStatus) => {
    status = next
    for (const listener of listeners) listener()
  }
  const api: DaemonApi = {
    status: () => status,
    diff: async (clusters) => diffs.filter(({ cluster }) => clusters.length === 0 || clusters.includes(cluster)),
    pause: async (request) => {
      asked.push(request)
      return options.onPause?.(request) ?? refused
    },
    resume: async (request) => {
      asked.push(request)
      return options.onResume?.(request) ?? refused
    },
    history: (clusters) =>
      (options.histories ?? []).filter(({ cluster }) => clusters.length === 0 || clusters.includes(cluster)),
    observations: () => options.observations ?? observationsSchema.parse({}),
    async sync() {
      syncs += 1
      onSync?.(tell)
    },
    ready: () => ready,
    healthy: () => healthy,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  const running: RunningServer = await startServer({ api, logger, metrics, port, ...server })
  return {
    url: `http://127.0.0.1:${running.port}`,
    port: running.port,
    metrics,
    logged,
    syncs: () => syncs,
    asked,
    listeners: () => listeners.size,
    tell,
    close: () => running.close(),
  }
}
