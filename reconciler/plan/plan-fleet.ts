import { decisionPath, parseDecision } from '../../render/kubefed/decision.ts'
import { createMemo, type Memo } from '../../render/memo.ts'
import { sortMessages } from '../../render/render.ts'
import { coursesOf } from '../../render/shipper/course.ts'
import { stepwisePaths } from '../../render/shipper/stepwise.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { Observations } from '../../repo-layout/observations.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { createFleetReader, type FleetReader } from '../../repo-layout/read/reader.ts'
import type { ChartEngine } from '../charts/types.ts'
import { allowedDigests } from '../cycle/allowed.ts'
import { createDamper } from '../cycle/damping.ts'
import { createDesiredReader } from '../cycle/desired.ts'
import { renderPull } from '../cycle/generate.ts'
import { clustersInForce } from '../cycle/inventory.ts'
import { nothingWanted } from '../cycle/members.ts'
import { createTextCache, type TextCache } from '../cycle/previous.ts'
import { rolloutsIn } from '../cycle/rollouts.ts'
import { gitTree } from '../cycle/source.ts'
import { fleetUidOf } from '../cycle/uid.ts'
import { filesOf } from '../git/contents.ts'
import { GitError } from '../git/error.ts'
import type { Repository } from '../git/types.ts'
import { type ConnectOptions, connect } from '../member/connect.ts'
import { afterVerdict, judge, replicaMoves, summarize } from './compose.ts'
import type { Generation } from './generation.ts'
import { planClusters } from './plan-clusters.ts'
import { type PlanQuestion, type Points, readPoints, type StartChecks } from './points.ts'
import { type Survey, survey } from './survey.ts'
import { createTrials, type TrialRules } from './trials.ts'
import type { FleetPlan, ReplicaMove } from './types.ts'

/** What a plan is made with. */
export interface PlanOptions {
  readonly repository: Repository
  readonly branches: { readonly source: string; readonly generated: string }
  readonly reach: ConnectOptions
  readonly start: StartChecks
  /** How servers are asked; each for itself and as ourselves where not given. */
  readonly trial?: TrialRules
  /** What remembers, where one plan follows another. */
  readonly tools?: PlanTools
  /** What finds and renders charts; without it applications stay as they are. */
  readonly charts?: Pick<ChartEngine, 'at'> | undefined
}

/** What is remembered from plan to plan: what files say, and what was rendered from them. */
export interface PlanTools {
  readonly reader: FleetReader
  readonly memo: Memo
}

/** Tools that remember nothing yet. */
export function createPlanTools(): PlanTools {
  return { reader: createFleetReader(), memo: createMemo() }
}

/** A plan, or what is wrong with a source of which nothing can be rendered. */
export type PlanResult =
  | {
      readonly type: 'planned'
      readonly plan: FleetPlan
      /** Blob id of each generated file by path, as it is and as it would be. */
      readonly trees: { readonly before: ReadonlyMap<string, string>; readonly after: ReadonlyMap<string, string> }
      /** Paths that rollouts which are under way then may change at any time. */
      readonly stepwise: ReadonlySet<string>
    }
  | { readonly type: 'unreadable'; readonly messages: readonly Message[] }

/**
 * Plans a change: renders it upon the generated branch with the facts of now, and compares what would be generated with
 * what is live in every member. Nothing is written anywhere. Members are reached as the base says, whatever the change says;
 * one that gives no answer waits and fails nothing. Rejects with a `PullProblem` or a `GitError` where there is nothing to plan
 * upon.
 */
export async function planFleet(question: PlanQuestion, options: PlanOptions): Promise<PlanResult> {
  const { repository, branches, reach, start, tools = createPlanTools() } = options
  const { reader } = tools
  const points = await readPoints(question, { repository, branches, reader, clock: reach.clock, start })
  return planPoints(points, { ...options, tools })
}

/** Plans a change whose points were read. Rejects with a `GitError` where history or content cannot be had. */
export async function planPoints(points: Points, options: PlanOptions): Promise<PlanResult> {
  const { repository, branches, reach, tools = createPlanTools(), trial = { dryRun: true } } = options
  const { clock } = reach
  const { reader, memo } = tools
  const texts = createTextCache(repository)
  const before = await generationBefore(points, { repository, reader, texts })
  const surveys = new Map<string, Survey>()
  try {
    let facts: Observations = { clusters: {} }
    const observe = async (source: FleetSource, lostBefore: ReadonlySet<string>) => {
      await surveyAll(source, before, points, options, surveys)
      const raw = Object.fromEntries([...surveys].map(([name, { observation }]) => [name, observation]))
      const damper = createDamper(clock)
      damper.recall(lostBefore)
      const names = source.clusters.filter(({ connection }) => connection).map(({ name }) => name)
      facts = damper.observe({ clusters: raw }, source.fleet.spec.failover, names)
      return facts
    }
    const generator = { repository, reader, texts, memo, renderer: '', charts: options.charts }
    const rendered = await renderPull(generator, points.pulled, observe, points.tree, points.chartTree)
    if (rendered.type === 'unreadable') return { type: 'unreadable', messages: sortMessages(rendered.messages) }
    const { source, output, problem } = rendered
    for (const { oid, text } of output.files.values()) if (text !== undefined) texts.put(oid, text)
    const files = new Map([...output.files].map(([path, { oid }]) => [path, oid] as const))
    const desiredReader = createDesiredReader(texts)
    desiredReader.learn(output.files)
    const desired = await desiredReader.read('planned', files)
    const after = { files, desired, ...(await clustersInForce(source.clusters, files, texts)) }

    const { fleet } = source
    const [released, releasing] = [await rolloutsIn(before.files, texts, memo), await rolloutsIn(files, texts, memo)]
    const rollouts = coursesOf(released, releasing, source)
    const plans = await planClusters({
      ...{ before, after, surveys, facts, fleet, clock },
      ...{ baseName: points.base.name, trials: createTrials(trial) },
    })
    const deletions = await judge(plans.deletions, {
      budget: fleet.spec.budget,
      ...{ desired, unplaced: output.unplaced },
      allowed: () => allowedDigests(repository, points.pulled.source),
    })
    const clusters = plans.clusters.map((cluster) => {
      const deleted = new Set(
        plans.deletions.filter((one) => one.cluster === cluster.cluster).map(({ subject }) => subject),
      )
      return { ...cluster, objects: afterVerdict(cluster.objects, deleted, deletions) }
    })
    return {
      type: 'planned',
      plan: {
        fleet: fleet.metadata.name,
        at: new Date(clock.now()).toISOString(),
        base: points.base,
        head: points.head,
        generated: generatedPoint(points, branches.generated),
        notes: [...points.notes, ...(problem === '' ? [] : [`${problem}.`])],
        messages: sortMessages(rendered.messages),
        clusters,
        moves: await withFacts(replicaMoves(plans.counts), files, texts),
        rollouts,
        deletions,
        ...(problem === '' ? {} : { removals: problem }),
        summary: summarize(clusters, rollouts.length),
      },
      trees: { before: before.files, after: files },
      stepwise: stepwisePaths(releasing),
    }
  } finally {
    for (const { session } of surveys.values()) session?.pauses.stop()
    await Promise.all([...surveys.values()].map(({ transport }) => transport.close()))
  }
}

/** Moves with the facts that their decisions read. */
async function withFacts(
  moves: readonly ReplicaMove[],
  files: ReadonlyMap<string, string>,
  texts: TextCache,
): Promise<readonly ReplicaMove[]> {
  return Promise.all(
    moves.map(async (move) => {
      const oid = files.get(decisionPath(move.subject))
      const decision = oid === undefined ? undefined : parseDecision(await texts.read(oid))
      if (!decision) return move
      const clusters = [...decision.facts]
        .map(([cluster, { current, capacity }]) => ({
          cluster,
          ...(current === undefined ? {} : { current }),
          ...(capacity === undefined ? {} : { capacity }),
        }))
        .filter(({ current, capacity }) => current !== undefined || capacity !== undefined)
        .sort((a, b) => (a.cluster < b.cluster ? -1 : 1))
      return { ...move, decision: { lost: decision.lost, clusters } }
    }),
  )
}

function generatedPoint({ pulled: { previous, provenance } }: Points, branch: string): FleetPlan['generated'] {
  return {
    branch,
    ...(previous === undefined ? {} : { commit: previous.oid }),
    ...(provenance === undefined ? {} : { sourceCommit: provenance.sourceCommit }),
  }
}

/** What is generated now, and the clusters as the base describes them: connections count only from there. */
async function generationBefore(
  { base, pulled: { previous } }: Points,
  { repository, reader, texts }: { repository: Repository; reader: FleetReader; texts: TextCache },
): Promise<Generation> {
  const files = await filesOf(repository, previous?.oid)
  const desired = await createDesiredReader(texts).read(previous?.oid ?? '', files)
  const { source } = await reader.read(gitTree(repository, base.commit))
  return { files, desired, ...(await clustersInForce(source?.clusters ?? [], files, texts)) }
}

/** Asks every member of the base, all at once. */
async function surveyAll(
  source: FleetSource,
  before: Generation,
  { pulled: { tip } }: Points,
  { reach, repository, start, trial }: PlanOptions,
  surveys: Map<string, Survey>,
): Promise<void> {
  const owner = { fleetName: source.fleet.metadata.name, fleetUid: fleetUidOf(source.fleet).uid }
  await Promise.all(
    before.clusters
      .filter(({ connection }) => connection !== undefined)
      .map(async (cluster) => {
        const { name } = cluster
        const found = await survey({
          ...{ cluster: name, transport: connect(cluster, reach), clock: reach.clock, owner },
          // A cluster without a folder runs nothing of the fleet, and that is known.
          previous: before.desired.get(name) ?? (tip && nothingWanted(tip.oid)),
          leaving: before.leaving.has(name),
          isOther: (member) => member !== name && before.clusters.some((one) => one.name === member),
          user: trial?.user,
          isKnownCommit: async (commit) => start.anew || isPartOf(repository, commit, tip?.oid),
        })
        surveys.set(name, found)
      }),
  )
}

async function isPartOf(repository: Repository, commit: string, tip: string | undefined): Promise<boolean> {
  if (tip === undefined) return false
  try {
    return await repository.isAncestor(commit, tip)
  } catch (error) {
    if (error instanceof GitError && error.code === 'not-found') return false
    throw error
  }
}
