import assert from 'node:assert/strict'
import { systemClock } from '../../../reconciler/clock.ts'
import { openRepository } from '../../../reconciler/git/open.ts'
import { type PlanResult, planFleet } from '../../../reconciler/plan/plan-fleet.ts'
import type { PlanQuestion } from '../../../reconciler/plan/points.ts'
import type { ClusterPlan, FleetPlan, PlannedObject } from '../../../reconciler/plan/types.ts'
import { notNewFleet } from '../../../reconciler/run/new-fleet.ts'
import { branches, type TestFleet } from '../daemon/harness.ts'

const reach = { clock: systemClock, readSecret: async () => undefined }

/** Asks for a plan as the command does, over a clone of its own, or `repo`. */
export async function askPlan(
  fleet: TestFleet,
  question: PlanQuestion = {},
  repo: string = fleet.url,
): Promise<PlanResult> {
  const repository = await openRepository({
    ...{ url: repo, branches, dir: `${fleet.folder}/plan-clone`, clock: systemClock, tracking: true },
  })
  try {
    return await planFleet(question, {
      ...{ repository, branches, reach },
      start: {
        ...{ strict: false, anew: false, commitsInUse: async () => new Map() },
        notNewFleet: (source) => notNewFleet(source, reach),
      },
    })
  } finally {
    await repository.close()
  }
}

/** The plan; fails where there is none. */
export async function planOf(fleet: TestFleet, question: PlanQuestion = {}, repo?: string): Promise<FleetPlan> {
  const result = await askPlan(fleet, question, repo)
  assert(result.type === 'planned', JSON.stringify(result))
  return result.plan
}

/** What a plan says of one cluster. */
export function clusterOf(plan: FleetPlan, name: string): ClusterPlan {
  const found = plan.clusters.find(({ cluster }) => cluster === name)
  assert(found, `${name} is in the plan`)
  return found
}

/** What a plan says of one object of a cluster; undefined where it says nothing. */
export function objectOf(plan: FleetPlan, cluster: string, subject: string): PlannedObject | undefined {
  return clusterOf(plan, cluster).objects.find((object) => object.subject === subject)
}

/** Everything that a plan says of a cluster, a line an object: `created ConfigMap/shop/flags`. */
export function told(plan: FleetPlan, cluster: string): readonly string[] {
  return clusterOf(plan, cluster).objects.map(({ subject, action, how }) =>
    [action, how === undefined ? '' : `(${how})`, subject].filter((part) => part !== '').join(' '),
  )
}
