import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getIn, type Json } from '../../repo-layout/json.ts'
import { eventually } from '../reconciler/daemon/harness.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import type { GiteaOptions } from '../testbed/gitea.ts'
import { removeAtExit, removeNow } from '../testbed/processes.ts'
import { sharedControlPlanes } from '../testbed/shared.ts'
import { createWorkTree } from '../testbed/work-tree.ts'
import { type ForgeDaemon, startForgeDaemon } from './daemon.ts'
import { type ClusterName, clusterNames, fleetFiles, registryPolicy } from './fleet-files.ts'
import { type ShownStatus, startTeamForge, type TeamForge } from './forge.ts'
import { type Person, personAt } from './person.ts'

/** A fleet of three real clusters whose people work through a real Gitea, with the daemon as a process. */
export interface World {
  readonly forge: TeamForge
  readonly person: Person
  /** The first commit of the source branch; its statuses are complete. */
  readonly start: string
  /** Resolves with the statuses of a commit, once they are so. */
  untilStatuses(
    commit: string,
    are: (statuses: readonly ShownStatus[]) => boolean,
    what: string,
  ): Promise<readonly ShownStatus[]>
  /** Replicas of `web` that each cluster wants and has ready; clusters without it are left out. */
  running(): Promise<Readonly<Partial<Record<ClusterName, string>>>>
  /** Has a cluster refuse images that are not from `registry.example.com`; resolves when it does. */
  refuseForeignImages(cluster: ClusterName): Promise<void>
  /** The last lines of the daemon's log. */
  explain(): string
  stop(): Promise<void>
}

/** How long a step may take on a busy machine, in milliseconds; it takes a second or two. */
const patience = 60_000
const deployments = '/apis/apps/v1/namespaces/shop/deployments'

/** Starts it all, and resolves when the first commit runs in all clusters and is reported. */
export async function startWorld(options: GiteaOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-story-'))
  removeAtExit(folder)
  const ends: (() => Promise<void> | void)[] = [() => removeNow(folder)]
  const stop = async () => {
    for (const end of ends.reverse()) await end()
  }
  try {
    const [planes, forge] = await Promise.all([
      sharedControlPlanes(clusterNames.length, { controllers: true }),
      startTeamForge(options),
    ])
    ends.push(forge.stop)
    const plane = (name: ClusterName): ControlPlane => {
      const found = planes[clusterNames.indexOf(name)]
      if (!found) throw new Error(`there is no control plane for ${name}`)
      return found
    }
    ends.push(() => cleanClusters(planes))
    const kubeconfigs = new Map(clusterNames.map((name) => [name, join(folder, `${name}.kubeconfig`)]))
    for (const [name, path] of kubeconfigs) writeFileSync(path, JSON.stringify(plane(name).kubeconfig), { mode: 0o600 })

    const start = await pushFirstCommit(forge, fleetFiles(kubeconfigs))
    await protectBranches(forge)
    const webhookToken = randomBytes(16).toString('hex')
    const daemon = await startForgeDaemon({ repo: forge.repo, token: forge.token, webhookToken, folder })
    ends.push(() => endDaemon(daemon))
    await forge.hook(`${daemon.api}/webhook`, webhookToken)
    const person = personAt(forge)
    ends.push(person.dispose)

    const untilStatuses: World['untilStatuses'] = async (commit, are, what) => {
      let seen: readonly ShownStatus[] = []
      return eventually(
        async () => {
          seen = await forge.statuses(commit)
          return are(seen) && seen
        },
        what,
        { limit: patience, explain: () => `${JSON.stringify(seen, null, 1)}\n${daemon.explain()}` },
      )
    }
    await untilStatuses(start, allSucceed, 'the first commit is reported as synced')
    return {
      forge,
      person,
      start,
      untilStatuses,
      async running() {
        const found: Partial<Record<ClusterName, string>> = {}
        for (const name of clusterNames) {
          const { body } = await plane(name).request('GET', `${deployments}/web`)
          const replicas = getIn(body, ['spec', 'replicas'])
          if (replicas !== undefined) found[name] = `${getIn(body, ['status', 'readyReplicas']) ?? 0}/${replicas}`
        }
        return found
      },
      refuseForeignImages: (cluster) => refuseForeignImages(plane(cluster)),
      explain: daemon.explain,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Whether the fleet and each cluster have succeeded. */
export function allSucceed(statuses: readonly ShownStatus[]): boolean {
  return ['flotilla', ...clusterNames.map((name) => `flotilla/${name}`)].every(
    (context) => statuses.find((status) => status.context === context)?.state === 'success',
  )
}

async function pushFirstCommit(forge: TeamForge, files: ReadonlyMap<string, string>): Promise<string> {
  const tree = await createWorkTree(`${forge.withCredential('jo')}/acme/fleet.git`)
  for (const [path, text] of files) tree.write(path, text)
  const commit = await tree.commit('Start the fleet')
  await tree.push()
  tree.dispose()
  return commit
}

async function protectBranches(forge: TeamForge): Promise<void> {
  const protect = (rule: Json) => forge.ask('robot', 'POST', `${forge.root}/branch_protections`, rule)
  const main = { rule_name: 'main', enable_push: true, enable_status_check: true }
  await protect({ ...main, status_check_contexts: ['flotilla/plan'] })
  const generated = { rule_name: 'generated', enable_push: true, enable_push_whitelist: true }
  await protect({ ...generated, push_whitelist_usernames: ['flotilla'] })
}

async function endDaemon({ process }: ForgeDaemon): Promise<void> {
  process.signal('SIGTERM')
  await process.ended
}

async function refuseForeignImages({ request }: ControlPlane): Promise<void> {
  const root = '/apis/admissionregistration.k8s.io/v1'
  await request('POST', `${root}/validatingadmissionpolicies`, registryPolicy.policy)
  await request('POST', `${root}/validatingadmissionpolicybindings`, registryPolicy.binding)
  const labels = { app: 'probe' }
  const probe = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'probe', namespace: 'shop' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'probe', image: 'ghcr.io/acme/probe:1' }] } },
    },
  }
  await eventually(
    async () => (await request('POST', `${deployments}?dryRun=All`, probe)).status === 422,
    'the cluster refuses foreign images',
    { limit: patience },
  )
}

/** Takes away what the story leaves in control planes that other suites use too. */
async function cleanClusters(planes: readonly ControlPlane[]): Promise<void> {
  const root = '/apis/admissionregistration.k8s.io/v1'
  const clean = async ({ request }: ControlPlane) => {
    await request('DELETE', `${root}/validatingadmissionpolicybindings/${registryPolicy.name}`)
    await request('DELETE', `${root}/validatingadmissionpolicies/${registryPolicy.name}`)
    await request('DELETE', '/api/v1/namespaces/shop')
    const inventory = encodeURIComponent('flotilla.dev/inventory=acme')
    await request('DELETE', `/api/v1/namespaces/flotilla-system/configmaps?labelSelector=${inventory}`)
    const gone = async () => (await request('GET', '/api/v1/namespaces/shop')).status === 404
    await eventually(gone, 'the namespace is gone', { limit: patience })
  }
  await Promise.all(planes.map(clean))
}
