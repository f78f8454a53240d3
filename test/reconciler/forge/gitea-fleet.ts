import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonObject } from '../../../repo-layout/json.ts'
import { type FaultProxy, startProxy } from '../../faults/proxy.ts'
import { openUpstream } from '../../faults/upstream.ts'
import { type ForgeDaemon, startForgeDaemon } from '../../story/daemon.ts'
import { startTeamForge, type TeamForge } from '../../story/forge.ts'
import { removeAtExit, removeNow } from '../../testbed/processes.ts'
import { sharedControlPlanes } from '../../testbed/shared.ts'
import { createWorkTree, type WorkTree } from '../../testbed/work-tree.ts'
import { yaml } from '../daemon/documents.ts'
import { memberOver, type TestMember } from '../daemon/members.ts'

/** What a suite with such a fleet needs. */
export const needs = ['gitea', 'git', 'etcd', 'kube-apiserver'] as const

/** A fleet of two real clusters whose repository is `acme/fleet` on a real Gitea, with daemons that are processes. */
export interface GiteaFleet {
  readonly forge: TeamForge
  /** The API of the forge as daemons reach it, with faults on the way; writes are statuses. Git goes past it. */
  readonly api: FaultProxy
  readonly people: WorkTree
  readonly members: readonly TestMember[]
  /** The namespace of the test's workloads. */
  readonly ns: string
  writeFleet(spec: JsonObject): void
  /** Commits all that was written, pushes, and gives the commit. */
  push(message: string): Promise<string>
  /** Starts a daemon on the clone that the one before had; it pulls once, and then when a webhook tells it. */
  start(): Promise<ForgeDaemon>
  stop(): Promise<void>
}

const clusters = ['c1', 'c2'] as const
let counter = 0

/** Starts the forge; its first commit, which is not pushed yet, holds the Fleet and the inventory. */
export async function startGiteaFleet(spec: JsonObject = {}): Promise<GiteaFleet> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-gitea-fleet-'))
  removeAtExit(folder)
  const name = `gitea-${process.pid}-${++counter}`
  const [planes, forge] = await Promise.all([sharedControlPlanes(clusters.length), startTeamForge()])
  const members = await Promise.all(planes.map((plane, i) => memberOver(plane, clusters[i] ?? plane.name, folder)))
  const upstream = openUpstream(forge.url)
  const isWrite = (method: string, path: string) => method === 'POST' && path.includes('/statuses/')
  const api = await startProxy({ upstream, tls: false, isWrite })
  const people = await createWorkTree(`${forge.withCredential('jo')}/acme/fleet.git`)
  const webhookToken = randomBytes(16).toString('hex')
  const daemons: ForgeDaemon[] = []
  const apiVersion = 'flotilla.dev/v1alpha1'
  const writeFleet = (more: JsonObject) =>
    people.write('flotilla.yaml', yaml({ apiVersion, kind: 'Fleet', metadata: { name }, spec: more }))
  writeFleet(spec)
  for (const { name: cluster, kubeconfig } of members) {
    const connection = { kubeConfigFile: { path: kubeconfig } }
    const document = { apiVersion, kind: 'Cluster', metadata: { name: cluster }, spec: { connection } }
    people.write(`clusters/${cluster}.yaml`, yaml(document))
  }

  return {
    forge,
    api,
    people,
    members,
    ns: name,
    writeFleet,
    async push(message) {
      const commit = await people.commit(message)
      await people.push()
      return commit
    },
    async start() {
      const flags = ['--forge', 'gitea', '--forge-url', `http://127.0.0.1:${api.port}`]
      const env = { FLOTILLA_FORGE_TOKEN: forge.token }
      const daemon = await startForgeDaemon({ ...forge, webhookToken, folder, flags, env })
      daemons.push(daemon)
      await forge.hook(`${daemon.api}/webhook`, webhookToken)
      return daemon
    },
    async stop() {
      await Promise.all(daemons.map((daemon) => daemon.process.kill()))
      await Promise.all(members.map((member) => member.clean(name, [name])))
      await Promise.all(members.map(({ gate }) => gate.stop()))
      await api.stop()
      upstream.close()
      people.dispose()
      await forge.stop()
      removeNow(folder)
    },
  }
}
