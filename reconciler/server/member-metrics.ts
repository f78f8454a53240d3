import { Counter, Gauge, type Registry } from 'prom-client'
import type { Action, Drift, MemberStatus, Sync } from '../member/types.ts'
import { driftCount } from '../views/cluster-message.ts'
import type { ApiVerb, Metrics } from './metrics.ts'

/** What is counted for each cluster. */
export interface MemberMetrics extends Pick<Metrics, 'driftSeen' | 'driftHealed' | 'applied' | 'apiRequest'> {
  /** Takes over the states of these clusters; series of a cluster that is not among them go. */
  follow(clusters: readonly MemberStatus[]): void
}

const syncs: readonly Sync[] = [
  'synced',
  'progressing',
  'drifted',
  'degraded',
  'unauthorized',
  'unreachable',
  'suspended',
]
const actions: readonly Action[] = ['created', 'configured', 'unchanged', 'pruned', 'skipped', 'failed']
const driftReasons: readonly Drift['reason'][] = ['changed', 'deleted', 'label removed', 'recreated', 'ownership wiped']
/** Redirects are left out: no API server sends them, so their series begins only if one ever does. */
const codes = ['2xx', '4xx', '5xx', 'none'] as const

/** Makes the series of the member clusters; those of a cluster begin at 0 when it is first heard of. */
export function createMemberMetrics(registry: Registry): MemberMetrics {
  const registers = [registry]
  const state = new Gauge({
    name: 'flotilla_cluster_sync',
    help: '1 for the state that holds, 0 for the others',
    labelNames: ['cluster', 'sync'],
    registers,
  })
  const gauges: Gauge<'cluster'>[] = []
  /** A gauge with one series a cluster, which goes with it. */
  const gauge = (name: string, help: string): Gauge<'cluster'> => {
    const made = new Gauge({ name, help, labelNames: ['cluster'], registers })
    gauges.push(made)
    return made
  }
  const objects = gauge('flotilla_cluster_objects', 'Objects that the cluster should run')
  const applied = gauge('flotilla_cluster_objects_applied', 'Objects that the cluster runs as wanted')
  const drifted = gauge(
    'flotilla_cluster_objects_drifted',
    'Objects that differ from Git now; healed ones do not count',
  )
  const fought = gauge(
    'flotilla_cluster_objects_fought',
    'Objects that somebody changes again and again, so that healing is backed off',
  )
  const held = gauge(
    'flotilla_cluster_deletions_held',
    'Objects that left Git and wait to be deleted, mostly for the budget',
  )
  const paused = gauge('flotilla_paused_objects', 'Objects that a pause holds, their own or that of the whole cluster')
  const lastSeen = gauge(
    'flotilla_cluster_last_seen_timestamp_seconds',
    'Unix time at which the API server last answered; 0 before it ever did',
  )
  const expiry = gauge(
    'flotilla_cluster_credential_expiry_timestamp_seconds',
    'Unix time at which the credential in use expires; no series where it does not, or renews itself',
  )
  const seen = new Counter({
    name: 'flotilla_drifts_seen_total',
    help: 'Drifts seen, by reason',
    labelNames: ['cluster', 'reason'],
    registers,
  })
  const healed = new Counter({
    name: 'flotilla_drifts_healed_total',
    help: 'Drifts healed, by reason',
    labelNames: ['cluster', 'reason'],
    registers,
  })
  const applies = new Counter({
    name: 'flotilla_applies_total',
    help: 'Looks at an object, by what was done about it; unchanged where nothing had to be done',
    labelNames: ['cluster', 'action'],
    registers,
  })
  const requests = new Counter({
    name: 'flotilla_api_requests_total',
    help: 'Requests to the API server, by verb and class of the answer; none where no answer came',
    labelNames: ['cluster', 'verb', 'code'],
    registers,
  })
  // A thousand clusters times every verb and class would be most of a scrape, so a verb begins with its first use.
  const usedVerbs = new Map<string, Set<ApiVerb>>()
  let known: ReadonlySet<string> = new Set()

  function begin(cluster: string): void {
    for (const reason of driftReasons) for (const counter of [seen, healed]) counter.inc({ cluster, reason }, 0)
    for (const action of actions) applies.inc({ cluster, action }, 0)
  }

  function forget(cluster: string): void {
    for (const sync of syncs) state.remove({ cluster, sync })
    for (const one of gauges) one.remove({ cluster })
    for (const reason of driftReasons) for (const counter of [seen, healed]) counter.remove({ cluster, reason })
    for (const action of actions) applies.remove({ cluster, action })
    for (const verb of usedVerbs.get(cluster) ?? []) {
      for (const code of [...codes, '3xx']) requests.remove({ cluster, verb, code })
    }
    usedVerbs.delete(cluster)
  }

  return {
    follow(clusters) {
      const next = new Set(clusters.map(({ cluster }) => cluster))
      for (const cluster of known) if (!next.has(cluster)) forget(cluster)
      for (const status of clusters) {
        const { cluster } = status
        if (!known.has(cluster)) begin(cluster)
        for (const sync of syncs) state.set({ cluster, sync }, status.sync === sync ? 1 : 0)
        objects.set({ cluster }, status.total)
        applied.set({ cluster }, status.applied)
        drifted.set({ cluster }, driftCount(status))
        fought.set({ cluster }, status.objects.filter(({ drift }) => drift?.fight === true).length)
        held.set({ cluster }, status.objects.filter((object) => object.held !== undefined).length)
        paused.set({ cluster }, status.objects.filter(({ pause }) => pause).length)
        lastSeen.set({ cluster }, unixTime(status.seenAt))
        const { credentialExpiresAt } = status
        if (credentialExpiresAt === undefined) expiry.remove({ cluster })
        else expiry.set({ cluster }, unixTime(credentialExpiresAt))
      }
      known = next
    },
    driftSeen: (cluster, reason) => seen.inc({ cluster, reason }),
    driftHealed: (cluster, reason) => healed.inc({ cluster, reason }),
    applied: (cluster, action) => applies.inc({ cluster, action }),
    apiRequest(cluster, verb, status) {
      const used = usedVerbs.get(cluster) ?? new Set()
      if (!used.has(verb)) {
        usedVerbs.set(cluster, used.add(verb))
        for (const code of codes) requests.inc({ cluster, verb, code }, 0)
      }
      requests.inc({ cluster, verb, code: codeClass(status) })
    },
  }
}

function codeClass(status: number): (typeof codes)[number] | '3xx' {
  if (status >= 500) return '5xx'
  if (status >= 400) return '4xx'
  if (status >= 300) return '3xx'
  return status >= 100 ? '2xx' : 'none'
}

/** An ISO time in seconds since the epoch; 0 where there is none. */
export function unixTime(iso: string | undefined): number {
  return iso === undefined ? 0 : Date.parse(iso) / 1000
}
