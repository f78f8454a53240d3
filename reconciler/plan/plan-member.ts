import type { KubeObject } from '../../repo-layout/json.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import type { Clock } from '../clock.ts'
import { eachOf } from '../each-of.ts'
import type { Item } from '../member/items.ts'
import { wholeCluster } from '../member/pause.ts'
import type { Session } from '../member/session.ts'
import type { DesiredState, HeldDeletion, MemberSettings } from '../member/types.ts'
import type { Work } from '../member/work.ts'
import { lookAt } from './look.ts'
import { isWorthTelling, type ObjectPlan, planObject } from './plan-object.ts'
import { withPodEffects } from './pod-effects.ts'
import { scratchInventory } from './scratch.ts'
import type { Trial } from './trials.ts'
import type { PlannedObject } from './types.ts'

/** What a plan of one member says, before anything is weighed over the fleet. */
export interface MemberPlan {
  readonly objects: readonly PlannedObject[]
  readonly unchanged: number
  readonly replicas: ReadonlyMap<Subject, { readonly before: number; readonly after: number }>
  /** Objects that would be deleted, the budget allowing. */
  readonly deletions: readonly (HeldDeletion & { readonly subject: Subject })[]
}

/** Objects planned at a time: as many as there are connections. */
const width = 8

/**
 * Plans what a member would do with a desired state: one list a kind, a dry run for each object that is new or differs, and
 * reads of what left Git. `session` must be over a transport that writes nothing. Throws an `ApiError` where the cluster
 * stops answering.
 */
export async function planMember(
  session: Session,
  desired: DesiredState,
  settings: MemberSettings,
  clock: Clock,
  trial?: Trial,
): Promise<MemberPlan> {
  const { items, live } = await lookAt(session, desired, settings.fleetName)
  const whole = session.pauses.of(wholeCluster)
  const work: Work = {
    api: session.api,
    inventory: scratchInventory(session.inventory),
    // The budget is the fleet's: it is judged when every cluster has been planned.
    settings: { ...settings, suspended: settings.suspended || whole !== undefined, mayDelete: { has: () => false } },
    secretKey: session.secretKey.key,
    clock,
    refreshKinds: () => undefined,
  }
  const plans = new Map<Subject, ObjectPlan>()
  const wanted = [...items.values()].filter((item) => item.wanted)
  const gone = [...items.values()].filter((item) => !item.wanted)
  for (const rank of [0, 1, 2, 3])
    await eachOf(
      wanted.filter((item) => item.rank === rank),
      width,
      async (item) => {
        plans.set(item.subject, waitsFor(item, plans) ?? (await planObject(work, item, live.get(item.subject), trial)))
      },
    )
  await eachOf(gone, width, async (item) => {
    plans.set(item.subject, await planObject(work, item, undefined))
  })
  return collect(plans, desired)
}

/** What lives in a Namespace, or is of a kind, that is only planned cannot be tried yet. */
function waitsFor(
  { wanted, dependsOn, subject }: Item,
  plans: ReadonlyMap<Subject, ObjectPlan>,
): ObjectPlan | undefined {
  if (!wanted) return undefined
  const { source, object } = wanted
  for (const needed of dependsOn) {
    const action = plans.get(needed)?.planned.action
    if (action === 'failed') {
      const why = `it needs ${needed}, which cannot be applied`
      return { planned: { subject, source, action, why, fields: [] }, replicas: undefined, held: undefined }
    }
    if (action !== 'created') continue
    const why = `${needed} is created first`
    return {
      planned: { subject, source, action, how: 'untried', why, fields: [] },
      replicas: createdReplicas(object),
      held: undefined,
    }
  }
  return undefined
}

function createdReplicas({ spec }: KubeObject): ObjectPlan['replicas'] {
  const replicas = typeof spec === 'object' && spec !== null && 'replicas' in spec ? spec.replicas : undefined
  return typeof replicas === 'number' ? { before: 0, after: replicas } : undefined
}

function collect(plans: ReadonlyMap<Subject, ObjectPlan>, desired: DesiredState): MemberPlan {
  const all = [...plans.values()].sort((a, b) => (a.planned.subject < b.planned.subject ? -1 : 1))
  const told = all.filter(({ planned }) => isWorthTelling(planned))
  return {
    objects: withPodEffects(
      told.map(({ planned }) => planned),
      desired,
    ),
    unchanged: all.length - told.length,
    replicas: new Map(all.flatMap(({ planned, replicas }) => (replicas ? [[planned.subject, replicas] as const] : []))),
    deletions: all.flatMap(({ planned, held }) => (held ? [{ subject: planned.subject, ...held }] : [])),
  }
}
