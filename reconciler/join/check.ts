import type { MemberCluster } from '../../repo-layout/cluster.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { groupOf } from '../../repo-layout/subject.ts'
import type { Clock } from '../clock.ts'
import { type ConnectOptions, connect } from '../member/connect.ts'
import { timeText, warnsFrom } from '../member/credential.ts'
import type { Resource } from '../member/discovery.ts'
import { isClusterWide, isRejected, messageOf } from '../member/errors.ts'
import { remedyOf, shellWord } from '../member/remedy.ts'
import type { Transport } from '../member/transport.ts'
import { count } from '../views/text.ts'
import { servedKinds } from './account.ts'
import { heldByOthers } from './held.ts'
import { renderedFor } from './kinds.ts'
import { missingRights, rightText } from './review.ts'
import { grantsRights, leastRights } from './rights.ts'

/** What is looked at in a cluster, in this order. */
export type Check =
  | 'connection'
  | 'reach'
  | 'authentication'
  | 'expiry'
  | 'rights'
  | 'kinds'
  | 'version'
  | 'clock'
  | 'others'

/** What was found; `wrong` keeps the daemon from its work, `unknown` could not be told. */
export interface Finding {
  readonly check: Check
  readonly result: 'ok' | 'warning' | 'wrong' | 'unknown'
  /** What is so. */
  readonly text: string
  /** What to do about it; empty where nothing is to be done. */
  readonly remedy: string
}

/** Everything that was found in one cluster. */
export interface ClusterCheck {
  readonly cluster: string
  readonly findings: readonly Finding[]
}

/** The oldest minor version with which all that Flotilla uses is stable: immutable field errors and bound tokens. */
const oldestMinor = 25
/** Clocks may differ by so many milliseconds; the server tells whole seconds and answers take time. */
const skewLimit = 10_000
const answerLimit = 30_000

/**
 * Checks one cluster as the daemon reaches it: reads only, and asks the API server what the credential may do. Never
 * rejects: what cannot be told is a finding. Takes at most half a minute for each question.
 */
export async function checkCluster(
  source: FleetSource,
  cluster: MemberCluster,
  options: ConnectOptions,
): Promise<ClusterCheck> {
  const findings: Finding[] = []
  const add: Add = (check, result, text, remedy = '') => {
    findings.push({ check, result, text, remedy })
    return undefined
  }
  if (!cluster.connection) {
    const external = cluster.apply === 'External'
    add(
      'connection',
      external ? 'ok' : 'wrong',
      external ? 'none: something else applies its folder' : 'the inventory names none',
      external ? '' : `flotilla cluster add ${shellWord(cluster.name)} --overwrite`,
    )
    return { cluster: cluster.name, findings }
  }
  const transport = limited(connect(cluster, options), options.clock)
  try {
    if (await reaches(cluster, transport, options.clock, add)) {
      tellExpiry(cluster, transport, options.clock.now(), add)
      await tellRights(source, cluster, transport, options.clock, add)
    }
  } finally {
    await transport.close()
  }
  return { cluster: cluster.name, findings }
}

type Add = (check: Check, result: Finding['result'], text: string, remedy?: string) => undefined

/** Whether the cluster answers and lets us in; asks for its version on the way. */
async function reaches(cluster: MemberCluster, transport: Transport, clock: Clock, add: Add): Promise<boolean> {
  try {
    // Everybody may read the version, so the answer says nothing of rights; its time is that of the server.
    const asked = clock.now()
    const { json, serverTime } = await transport.request('GET', '/version')
    const answered = clock.now()
    add('reach', 'ok', `answered in ${answered - asked} ms`)
    const { kind, user } = transport.credential?.() ?? {}
    await transport.request('GET', '/api')
    add('authentication', 'ok', `${user ?? 'somebody'} by ${kind ?? 'a credential'}`)
    tellVersion(String(json.gitVersion ?? ''), add)
    tellClock(serverTime, asked, answered, add)
    return true
  } catch (error) {
    tellRefusal(error, cluster, transport, add)
    return false
  }
}

function tellRefusal(error: unknown, cluster: MemberCluster, transport: Transport, add: Add): undefined {
  const text = messageOf(error)
  const refused = isRejected(error, 403) || (isClusterWide(error) && error.failure.type === 'unauthorized')
  if (refused) {
    const remedy = remedyOf(cluster, transport.credential?.())
    // A host cluster that was not named is no fault of the credential in it.
    const told = text.includes(remedy) || text.includes('--host-kubeconfig')
    return add('authentication', 'wrong', text, told ? '' : remedy)
  }
  add('reach', 'wrong', text, 'look at the address, the network between here and there, and the API server')
}

function tellVersion(version: string, add: Add): undefined {
  const minor = Number(/^v?1\.(\d+)/.exec(version)?.[1])
  const old = minor < oldestMinor
  add('version', old ? 'warning' : 'ok', version || 'not told', old ? `upgrade to 1.${oldestMinor} or newer` : '')
}

function tellClock(serverTime: number | undefined, asked: number, answered: number, add: Add): undefined {
  if (serverTime === undefined) return add('clock', 'unknown', 'the server tells no time')
  const skew = serverTime < asked ? asked - serverTime - 1000 : Math.max(serverTime - answered, 0)
  const seconds = Math.max(0, Math.round(skew / 1000))
  if (skew <= skewLimit) return add('clock', 'ok', `differs by ${seconds} s at most`)
  add(
    'clock',
    'warning',
    `is ${seconds} s ${serverTime < asked ? 'behind' : 'ahead of'} this machine's`,
    'set both by NTP: tokens and certificates count by the clock',
  )
}

function tellExpiry(cluster: MemberCluster, transport: Transport, now: number, add: Add): undefined {
  const credential = transport.credential?.()
  const expiresAt = credential?.expiresAt
  if (expiresAt === undefined) return add('expiry', 'ok', 'does not expire, or renews itself')
  const soon = now >= warnsFrom(expiresAt)
  const days = Math.floor((expiresAt - now) / 86_400_000)
  add(
    'expiry',
    soon ? 'warning' : 'ok',
    `${timeText(expiresAt)}, in ${count(days, 'day')}`,
    soon ? remedyOf(cluster, credential) : '',
  )
}

async function tellRights(
  source: FleetSource,
  cluster: MemberCluster,
  transport: Transport,
  clock: Clock,
  add: Add,
): Promise<void> {
  let readable: readonly Resource[] = []
  await telling('rights', add, async () => {
    const { kinds, hasApplications } = renderedFor(source, cluster.name)
    const { served, missing } = await servedKinds(transport, kinds, clock)
    const lacking = await missingRights(transport, leastRights(served, hasApplications))
    if (lacking.length === 0) add('rights', 'ok', `all of ${served.length} kinds`)
    for (const right of lacking)
      add('rights', 'wrong', `missing: ${rightText(right)}`, rightsRemedy(cluster, transport))
    for (const { apiVersion, kind } of missing)
      add('kinds', 'warning', `${kind} of ${apiVersion} is not served`, 'install its CRD, or let the fleet bring it')
    const granting = served.filter(grantsRights).map(({ plural }) => plural)
    if (granting.length > 0 && lacking.length === 0)
      add('kinds', 'ok', `${granting.join(', ')}: can grant only what the account itself may do`)
    const unlisted = lacking.filter(({ verbs, namespace }) => namespace === undefined && verbs.includes('list'))
    readable = served.filter(
      ({ plural, apiVersion }) =>
        !unlisted.some(({ resource, group }) => resource === plural && group === groupOf(apiVersion)),
    )
  })
  await telling('others', add, async () => {
    const held = await heldByOthers(transport, readable)
    const counted = held.map(({ tool, objects }) => `${count(objects, 'object')} held by ${tool}`)
    add('others', 'ok', counted.length > 0 ? counted.join(', ') : 'nothing held by other tools')
  })
}

async function telling(check: Check, add: Add, tell: () => Promise<void>): Promise<void> {
  try {
    await tell()
  } catch (error) {
    add(check, 'unknown', messageOf(error), 'try again')
  }
}

function rightsRemedy(cluster: MemberCluster, transport: Transport): string {
  const credential = transport.credential?.()
  const rotate = `flotilla cluster rotate ${shellWord(cluster.name)}`
  return remedyOf(cluster, credential).includes(rotate)
    ? `"${rotate}" grants it`
    : 'grant it, see deploy/manifests/member'
}

/** The same transport, where no request takes longer than half a minute. */
function limited(transport: Transport, clock: Clock): Transport {
  return {
    ...transport,
    async request(method, path, more = {}) {
      const limit = new AbortController()
      const timer = clock.after(answerLimit, () => limit.abort(new Error(`no answer within ${answerLimit / 1000} s`)))
      try {
        return await transport.request(method, path, { ...more, signal: limit.signal })
      } finally {
        timer.cancel()
      }
    },
  }
}
