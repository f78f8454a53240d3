import { readFileSync } from 'node:fs'
import { createTextCache } from '../../../reconciler/cycle/previous.ts'
import { rolloutsIn } from '../../../reconciler/cycle/rollouts.ts'
import { gitTree } from '../../../reconciler/cycle/source.ts'
import { formatGeneratedMessage } from '../../../reconciler/git/generated.ts'
import type { Repository } from '../../../reconciler/git/types.ts'
import type { MemberStatus } from '../../../reconciler/member/types.ts'
import type { InForce } from '../../../reconciler/revert/on-failure.ts'
import { type FailedRollout, findFailures } from '../../../reconciler/rollout/failures.ts'
import { createFleetReader } from '../../../repo-layout/read/reader.ts'
import { standingClock } from '../../clocks.ts'
import { command, nginxCharts, shipperCluster } from '../../render/shipper/fixtures.ts'
import { type Rehearsal, rehearse } from '../../render/shipper/rehearsal.ts'
import { author, type Fleet, filesOf, startFleet } from '../git/fleet.ts'
import { clusterOf, objectOf } from '../views/fleet.ts'

const article = readFileSync('test/fixtures/article/application.yaml', 'utf8')
const branches = { source: 'main', generated: 'generated' } as const

/** The article's Application in two clusters, given up where a step takes too long, with this version of its chart. */
export function application(version: string): string {
  return article
    .replace('metadata:\n', 'metadata:\n  annotations: {flotilla.dev/step-deadline: 15m}\n')
    .replace('- name: local\n', '- {name: local, replicas: 2}\n')
    .replace('version: 0.0.1', `version: ${version}`)
}

/** A fleet on a real Git server with one Application, of which 0.0.1 runs; clusters do as they are told. */
export interface ReleaseWorld {
  readonly fleet: Fleet
  readonly repository: Repository
  readonly clock: ReturnType<typeof standingClock>
  readonly rehearsal: Rehearsal
  /** Writes files (undefined takes one away), commits, pushes, renders until nothing moves, and gives the commit. */
  change(message: string, files: Readonly<Record<string, string | undefined>>): Promise<string>
  /** Renders what was pushed past this world, which has these files. */
  render(files?: Readonly<Record<string, string | undefined>>): Promise<void>
  /** Has the newest release fail at its first step, and be given up. */
  fail(): Promise<void>
  /** The release of 0.0.1. */
  readonly first: string
  /** Those that are in force. */
  releases(): readonly string[]
  failures(known?: readonly FailedRollout[]): Promise<readonly FailedRollout[]>
  inForce(clusters?: InForce['clusters']): Promise<InForce>
  /** A cluster in which this object keeps the generated commit from being healthy, from now on. */
  degraded(subject: string): MemberStatus
  stop(): Promise<void>
}

/** Starts it. */
export async function releaseWorld(action = 'OpenRevert'): Promise<ReleaseWorld> {
  const fleet = await startFleet()
  const clock = standingClock(Math.floor(Date.now() / 1000) * 1000)
  const repository = await fleet.open({ branches, clock })
  const spec = `spec: {onFailure: {action: ${action}, after: 10m}}`
  const rehearsal = rehearse({}, nginxCharts())
  let generated: string | undefined

  async function render(files: Readonly<Record<string, string | undefined>> = {}): Promise<void> {
    const sources = Object.entries({ ...rehearsal.sources, ...files }).filter(([, text]) => text !== undefined)
    rehearsal.sources = Object.fromEntries(sources) as Rehearsal['sources']
    await rehearsal.settle()
    const { source = '' } = await repository.fetch()
    const message = formatGeneratedMessage({
      ...{ subject: 'x', why: 'x', changes: [], sourceCommit: source, reason: 'source', renderer: 'test' },
    })
    const made = { parent: generated, files: filesOf(Object.fromEntries(rehearsal.texts())), message, author }
    generated = (await repository.commitGenerated(made)).commit
  }

  async function change(message: string, files: Readonly<Record<string, string | undefined>>): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      if (text === undefined) fleet.people.remove(path)
      else fleet.people.write(path, text)
    }
    const commit = await fleet.people.commit(message)
    await fleet.people.push()
    await render(files)
    return commit
  }

  const releases = () =>
    rehearsal.paths().flatMap((path) => /^rollouts\/[^/]+\/[^/]+\/([^/]+)\/Release\.yaml$/.exec(path)?.[1] ?? [])

  async function rollouts() {
    const entries = await repository.list(generated ?? '')
    const files = new Map(entries.map(({ path, oid }) => [path, oid] as const))
    return rolloutsIn(files, createTextCache(repository))
  }

  async function failures(known: readonly FailedRollout[] = []): Promise<readonly FailedRollout[]> {
    const { source = '' } = await repository.fetch()
    return findFailures(repository, { generated: generated ?? '', source }, await rollouts(), known)
  }

  await change('Begin', {
    'workloads/web.yaml': undefined,
    'flotilla.yaml': `apiVersion: flotilla.dev/v1alpha1\nkind: Fleet\nmetadata: {name: f}\n${spec}\n`,
    'clusters.yaml': ['local-1', 'local-2'].map(shipperCluster).join('---\n'),
    'app.yaml': application('0.0.1'),
  })
  const [first = ''] = releases()
  await change('Go on', { 'release.yaml': command(1, first) })

  return {
    ...{ fleet, repository, clock, rehearsal, first, change, render, releases, failures },
    async fail() {
      const [failing = ''] = releases().filter((name) => name !== first)
      rehearsal.tell = (release, cluster) =>
        release === failing
          ? {
              installed: true,
              availableReplicas: 0,
              trafficReady: true,
              message: `1 of 1 pods not ready: x-${cluster} ImagePullBackOff`,
            }
          : undefined
      await rehearsal.settle()
      rehearsal.promotions = { [`default/${failing}`]: { step: 0, deadlinePassed: true } }
      await render()
    },
    async inForce(clusters = []) {
      const { source: tip = '' } = await repository.fetch()
      const { source } = await createFleetReader().read(gitTree(repository, tip))
      if (!source) throw new Error('the fleet cannot be read')
      return { source, tip, generated: generated ?? '', clusters, failures: await failures() }
    },
    degraded(subject) {
      return {
        ...clusterOf('local-1', 'local'),
        ...{ sync: 'degraded', message: 'not applied and healthy within 10m', wantedCommit: generated },
        since: new Date(clock.now()).toISOString(),
        objects: [objectOf(subject, { health: 'Failed' })],
      }
    },
    stop: () => fleet.stop(),
  }
}
