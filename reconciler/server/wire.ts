import { z } from 'zod'
import type { Json } from '../../repo-layout/json.ts'
import type { Code } from '../../repo-layout/message.ts'
import type { DiffReport, FleetStatus, HistoryReport, PauseReply } from './types.ts'

// JSON has no undefined: what is absent on the wire is undefined in our types, where the key is always there.
const perhaps = z
  .string()
  .optional()
  .transform((value): string | undefined => value)
const value = z
  .unknown()
  .optional()
  .transform((json) => json as Json | undefined)

const sync = z.enum(['synced', 'progressing', 'drifted', 'degraded', 'unauthorized', 'unreachable', 'suspended'])

const pause = z.object({ subject: z.string(), until: z.string(), reason: z.string(), by: z.string(), at: z.string() })
const fields = z.array(z.object({ path: z.string(), live: value, wanted: value, manager: z.string() }))
const reasons = ['changed', 'deleted', 'label removed', 'recreated', 'ownership wiped', 'left alone'] as const

const drift = z.object({
  subject: z.string(),
  reason: z.enum(reasons),
  fields,
  since: z.string(),
  healedAt: perhaps,
  healed: z.number(),
  fight: z.boolean(),
})

const held = z.object({ uid: z.string(), takes: z.number() })

const object = z.object({
  subject: z.string(),
  source: z.string(),
  action: z.enum(['created', 'configured', 'unchanged', 'pruned', 'skipped', 'failed']),
  health: z.enum(['Current', 'InProgress', 'Failed', 'Terminating', 'Unknown']),
  message: z.string(),
  drift: drift.optional().transform((seen) => seen),
  extras: z.array(z.string()),
  held: held.optional().transform((seen) => seen),
  pause: pause.optional(),
})

const cluster = z.object({
  cluster: z.string(),
  region: z.string(),
  sync,
  message: z.string(),
  appliedCommit: perhaps,
  wantedCommit: perhaps,
  applied: z.number(),
  total: z.number(),
  seenAt: perhaps,
  since: z.string(),
  kubernetesVersion: perhaps,
  credentialExpiresAt: perhaps,
  pause: pause.optional(),
  objects: z.array(object),
})

const message = z.object({
  path: z.string(),
  line: z.number(),
  column: z.number(),
  severity: z.enum(['error', 'warning']),
  text: z.string(),
  // A daemon may be newer than the command line and say things that this one has no name for yet.
  code: z.string().transform((code) => code as Code),
})

const source = z.object({ branch: z.string(), commit: perhaps, fetchedAt: perhaps, problem: z.string() })
const generated = z.object({ branch: z.string(), commit: perhaps, problem: z.string() })

const perhapsNumber = z
  .number()
  .optional()
  .transform((seen) => seen)

const release = z.object({
  installed: z
    .boolean()
    .optional()
    .transform((seen) => seen),
  percent: z.number(),
  achievedPercent: perhapsNumber,
  replicas: z.number(),
  availableReplicas: z
    .number()
    .optional()
    .transform((seen) => seen),
  weight: z.number(),
  achievedWeight: perhapsNumber,
  trafficReady: z
    .boolean()
    .optional()
    .transform((seen) => seen),
  message: z.string(),
})

const rollout = z.object({
  application: z.string(),
  release: z.string(),
  incumbent: perhaps,
  rollingOut: z
    .object({ status: z.enum(['True', 'False']), message: z.string() })
    .optional()
    .transform((seen) => seen),
  chart: z.string(),
  steps: z.array(z.string()),
  targetStep: z.number(),
  achievedStep: perhapsNumber,
  complete: z.boolean(),
  retreating: z.boolean(),
  failed: z
    .object({
      release: z.string(),
      reason: z.string(),
      since: z.string().optional(),
      commit: z.string().optional(),
    })
    .optional(),
  waitsFor: z.enum([
    'installation',
    'capacity',
    'traffic',
    'command',
    'soak',
    'check',
    'readiness',
    'incumbent',
    'nothing',
  ]),
  soaksUntil: z.string().optional(),
  check: z.object({ name: z.string(), problem: z.string() }).optional(),
  clusters: z.array(
    z.object({
      cluster: z.string(),
      achievedStep: perhapsNumber,
      contender: release.optional().transform((seen) => seen),
      incumbent: release.optional().transform((seen) => seen),
    }),
  ),
})

/** What `GET /api/v1/status` answers, read back. */
export const fleetStatusSchema: z.ZodType<FleetStatus> = z.object({
  fleet: z.string(),
  at: z.string(),
  heartbeatAt: perhaps,
  standby: z.string().optional(),
  sync,
  source,
  generated,
  messages: z.array(message),
  report: z.object({ problem: z.string() }).optional(),
  rollouts: z.array(rollout).optional(),
  clusters: z.array(cluster),
})

/** What `GET /api/v1/diff` answers, read back. */
export const diffReportSchema: z.ZodType<DiffReport> = z.object({
  fleet: z.string(),
  at: z.string(),
  commit: perhaps,
  clusters: z.array(
    z.object({
      cluster: z.string(),
      drifts: z.array(drift),
      problem: z.string(),
      pauses: z.array(pause).optional(),
      sources: z.record(z.string(), z.string()),
    }),
  ),
})

/** What `GET /api/v1/history` answers, read back. */
export const historyReportSchema: z.ZodType<HistoryReport> = z.object({
  fleet: z.string(),
  at: z.string(),
  clusters: z.array(
    z.object({
      cluster: z.string(),
      entries: z.array(
        z.object({
          subject: z.string(),
          at: z.string(),
          times: z.number(),
          reason: z.enum([...reasons, 'new commit']),
          fields,
        }),
      ),
      problem: z.string(),
      sources: z.record(z.string(), z.string()),
    }),
  ),
})

/** What `POST /api/v1/pause` and `resume` answer, read back. */
export const pauseReplySchema: z.ZodType<PauseReply> = z.object({ cluster: z.string(), pause })

/** What `POST /api/v1/sync` answers, read back. */
export const syncReplySchema = z.object({ sync, source, generated })

/** The outcome of a sync that was asked for. */
export type SyncReply = z.infer<typeof syncReplySchema>
