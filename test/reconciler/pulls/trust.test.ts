import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { ReadSecret } from '../../../reconciler/member/connect.ts'
import type { JsonObject } from '../../../repo-layout/json.ts'
import { describeSandbox } from '../../testbed/members.ts'
import { configMap, yaml } from '../daemon/documents.ts'
import { type TestFleet, withFleet } from '../daemon/harness.ts'
import { type Desk, startDesk } from './support.ts'

/** A server that must not be spoken to: how often somebody connected. */
interface Trap {
  readonly url: string
  touched(): number
  stop(): void
}

async function startTrap(): Promise<Trap> {
  let connections = 0
  const server: Server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert(typeof address === 'object' && address)
  return {
    url: `https://127.0.0.1:${address.port}`,
    touched: () => connections,
    stop: () => void server.close(),
  }
}

/** What a hostile head is written with. */
interface Scene {
  readonly fleet: TestFleet
  readonly trap: Trap
  /** A kubeconfig on the daemon's machine that leads to the trap, with a token or an exec plugin. */
  readonly kubeconfig: (user: JsonObject) => string
  readonly marker: string
}

function kubeconfigFor({ trap }: Pick<Scene, 'trap'>, user: JsonObject): string {
  return yaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'trap', cluster: { server: trap.url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'us', user }],
    contexts: [{ name: 'trap', context: { cluster: 'trap', user: 'us' } }],
    'current-context': 'trap',
  })
}

const cluster = (name: string, spec: JsonObject) => ({
  ...{ apiVersion: 'flotilla.dev/v1alpha1', kind: 'Cluster', metadata: { name }, spec },
})
const kubefedCluster = (name: string, { url }: Trap, more: JsonObject = {}) => ({
  ...{ apiVersion: 'core.kubefed.io/v1beta1', kind: 'KubeFedCluster', metadata: { name } },
  spec: { apiEndpoint: url, secretRef: { name: 'prod-token' }, disabledTLSValidations: ['*'], ...more },
})
const token = { token: 'a-real-token' }

const thefts: readonly { readonly field: string; readonly write: (scene: Scene) => void }[] = [
  {
    field: 'kubeConfigFile of a cluster that is there',
    write: ({ fleet, kubeconfig }) =>
      fleet.people.write(
        'clusters/c1.yaml',
        yaml(cluster('c1', { connection: { kubeConfigFile: { path: kubeconfig(token) } } })),
      ),
  },
  {
    field: 'kubeConfigFile with an exec plugin of a new cluster',
    write: ({ fleet, kubeconfig, marker }) => {
      const exec = {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'touch',
        args: [marker],
        interactiveMode: 'Never',
      }
      fleet.people.write(
        'clusters/new.yaml',
        yaml(cluster('new', { connection: { kubeConfigFile: { path: kubeconfig({ exec }) } } })),
      )
    },
  },
  {
    field: 'proxyURL of a cluster that is there',
    write: ({ fleet, trap }) => {
      const kubeConfigFile = { path: fleet.member('c1').kubeconfig }
      const proxyURL = trap.url.replace('https', 'http')
      fleet.writeCluster('c1', { connection: { kubeConfigFile, proxyURL } })
    },
  },
  {
    field: 'secretRef of a cluster that is there',
    write: ({ fleet }) =>
      fleet.people.write(
        'clusters/c1.yaml',
        yaml(cluster('c1', { connection: { secretRef: { name: 'prod-token' } } })),
      ),
  },
  {
    field: 'secretRef of a new cluster',
    write: ({ fleet }) =>
      fleet.people.write(
        'clusters/new.yaml',
        yaml(cluster('new', { connection: { secretRef: { name: 'prod-token' } } })),
      ),
  },
  {
    field: 'apiEndpoint and disabledTLSValidations of a KubeFedCluster in place of a cluster that is there',
    write: ({ fleet, trap }) => fleet.people.write('clusters/c1.yaml', yaml(kubefedCluster('c1', trap))),
  },
  {
    field: 'apiEndpoint of a new KubeFedCluster',
    write: ({ fleet, trap }) => fleet.people.write('clusters/new.yaml', yaml(kubefedCluster('new', trap))),
  },
  {
    field: 'proxyURL of a new KubeFedCluster',
    write: ({ fleet, trap }) =>
      fleet.people.write(
        'clusters/new.yaml',
        yaml(
          kubefedCluster('new', trap, {
            apiEndpoint: 'https://127.0.0.1:9',
            proxyURL: trap.url.replace('https', 'http'),
          }),
        ),
      ),
  },
  {
    field: 'serverEndpoints of a cluster registry',
    write: ({ fleet, trap }) =>
      fleet.people.write(
        'clusters/new.yaml',
        yaml(
          {
            ...{ apiVersion: 'core.federation.k8s.io/v1alpha1', kind: 'FederatedCluster', metadata: { name: 'new' } },
            spec: { clusterRef: { name: 'new' }, secretRef: { name: 'prod-token' } },
          },
          {
            ...{ apiVersion: 'clusterregistry.k8s.io/v1alpha1', kind: 'Cluster', metadata: { name: 'new' } },
            spec: {
              kubernetesApiEndpoints: { serverEndpoints: [{ clientCIDR: '0.0.0.0/0', serverAddress: trap.url }] },
            },
          },
        ),
      ),
  },
  {
    field: "apiMaster of Shipper's Cluster",
    write: ({ fleet, trap }) =>
      fleet.people.write(
        'clusters/new.yaml',
        yaml({
          ...{ apiVersion: 'shipper.booking.com/v1alpha1', kind: 'Cluster', metadata: { name: 'new' } },
          spec: { apiMaster: trap.url, region: 'eu', capabilities: [] },
        }),
      ),
  },
  {
    field: 'inCluster of a cluster that is there',
    write: ({ fleet }) =>
      fleet.people.write('clusters/c1.yaml', yaml(cluster('c1', { connection: { inCluster: {} } }))),
  },
  {
    field: 'mirrors of charts',
    write: ({ fleet, trap }) =>
      fleet.writeFleet({ charts: { mirrors: [{ from: 'https://charts.example', to: trap.url }] } }),
  },
]

function scene(fleet: TestFleet, trap: Trap): Scene {
  let files = 0
  const kubeconfig = (user: JsonObject) => {
    const path = join(fleet.folder, `theft-${++files}`)
    writeFileSync(path, kubeconfigFor({ trap }, user))
    return path
  }
  return { fleet, trap, kubeconfig, marker: join(fleet.folder, 'plugin-ran') }
}

async function withTrap(
  test: (fleet: TestFleet, scene: Scene, desk: Desk, asked: string[]) => Promise<void>,
  spec: JsonObject = {},
) {
  const trap = await startTrap()
  try {
    await withFleet({ clusters: ['c1'], spec }, async (fleet) => {
      const asked: string[] = []
      const readSecret: ReadSecret = async (name) => {
        asked.push(name)
        return { value: kubeconfigFor({ trap }, token), token: 'a-real-token' }
      }
      fleet.people.write('a.yaml', yaml(configMap(fleet.ns, 'a', { v: '1' }, { everywhere: true })))
      await fleet.push('Begin')
      await test(fleet, scene(fleet, trap), await startDesk(fleet, { readSecret }), asked)
    })
  } finally {
    trap.stop()
  }
}

/** Whether the daemon's clone holds an object. */
function hasInClone(fleet: TestFleet, commit: string): boolean {
  const clones = join(fleet.folder, 'clone')
  return readdirSync(clones)
    .filter((name) => name.endsWith('.git'))
    .some((name) => {
      try {
        execFileSync('git', ['cat-file', '-e', commit], { cwd: join(clones, name), stdio: 'ignore' })
        return true
      } catch {
        return false
      }
    })
}

describeSandbox('what a pull request cannot reach', () => {
  for (const { field, write } of thefts)
    it(`by ${field}`, () =>
      withTrap(async (_fleet, scene, desk, asked) => {
        write(scene)
        const { commit } = await desk.open('theft')
        await desk.look()
        const status = desk.forge.status(commit)
        assert(status && status.state !== 'pending', 'it was planned')
        assert.notEqual(status.state, 'error', status.description)
        assert.equal(scene.trap.touched(), 0)
        assert.deepEqual(asked, [])
        assert(!existsSync(scene.marker), 'no plugin ran')
      }))

  it('is reached once it is merged: the trap would spring', () =>
    withTrap(async (fleet, scene, desk) => {
      thefts[0]?.write(scene)
      await fleet.push('Move the cluster')
      await desk.daemon.sync()
      await desk.daemon.until(() => scene.trap.touched() > 0, 'the server of the merged connection is asked')
    }))

  it('as the account that the connection of a head impersonates', () =>
    withTrap(async (fleet, _scene, desk) => {
      const kubeConfigFile = { path: fleet.member('c1').kubeconfig }
      fleet.writeCluster('c1', { connection: { kubeConfigFile, serviceAccountName: 'kube-system/admin' } })
      const { commit } = await desk.open('account')
      const before = fleet.member('c1').plane.auditEntries().length
      await desk.look()
      assert.equal(desk.forge.status(commit)?.state, 'success')
      const entries = fleet.member('c1').plane.auditEntries().slice(before)
      assert(!JSON.stringify(entries).includes('kube-system:admin'))
    }))
})

describeSandbox('the head of a fork', () => {
  it('does nothing but a log line and a metric until it is approved, whatever it holds', () =>
    withTrap(async (fleet, _scene, desk) => {
      const { people } = fleet
      people.write(
        'bomb.yaml',
        `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replaceAll(/./g, (l) => `${l}: &${l} [*${String.fromCharCode(l.charCodeAt(0) - 1)},*${String.fromCharCode(l.charCodeAt(0) - 1)}]\n`)}`,
      )
      people.write('evil.yaml', 'kind: [')
      const { number, commit } = await desk.open('9', { fork: true })
      await desk.look()
      await desk.look()
      assert.deepEqual([...desk.counted], [['unapproved', 1]])
      assert.equal(hasInClone(fleet, commit), false, 'it is not even fetched')
      assert.equal(desk.forge.status(commit)?.state, 'pending')
      assert.match(desk.forge.status(commit)?.description ?? '', /sets the label flotilla\/plan/)
      assert.deepEqual(desk.forge.comments(number), [])

      desk.forge.change(number, { labels: ['flotilla/plan'] })
      await desk.look()
      assert.equal(desk.forge.status(commit)?.state, 'failure')
      assert.match(desk.forge.status(commit)?.description ?? '', /evil\.yaml:1/)
    }))

  it('is approved for one commit only: the label goes with the next', () =>
    withTrap(async (fleet, _scene, desk) => {
      const { people, ns } = fleet
      const write = (v: string) => people.write('a.yaml', yaml(configMap(ns, 'a', { v }, { everywhere: true })))
      write('2')
      const { number, commit } = await desk.open('1', { fork: true })
      desk.forge.change(number, { labels: ['flotilla/plan', 'other'] })
      await desk.look()
      assert.equal(desk.forge.status(commit)?.state, 'pending', 'a label from before we asked counts for nothing')
      assert.deepEqual(desk.forge.pull(number).labels, ['other'])
      desk.forge.change(number, { labels: ['flotilla/plan'] })
      await desk.look()
      assert.equal(desk.forge.status(commit)?.state, 'success')

      write('3')
      const next = await desk.branch('2', { fork: true })
      desk.forge.change(number, { head: { commit: next, branch: '2' } })
      await desk.look()
      assert.equal(desk.forge.status(next)?.state, 'pending')
      assert.deepEqual(desk.forge.pull(number).labels, [])
      assert.equal(hasInClone(fleet, next), false)

      await desk.daemon.stop()
      desk.forge.change(number, { labels: ['flotilla/plan'] })
      const again = await startDesk(fleet, {}, desk.forge)
      await again.look()
      assert.equal(again.forge.status(next)?.state, 'success', 'that we asked outlives the daemon')
    }))

  it('is one also where the forge does not call it so, but no branch of ours is at its commit', () =>
    withTrap(async (fleet, _scene, desk) => {
      fleet.people.write('evil.yaml', 'kind: [')
      const commit = await desk.branch('3', { fork: true })
      desk.forge.open({ commit, branch: 'refs/pull/3/head' })
      await desk.look()
      assert.equal(desk.forge.status(commit)?.state, 'pending')
      assert.equal(hasInClone(fleet, commit), false)
    }))

  it('is never planned where the merged Fleet says Never, whatever the head says', () =>
    withTrap(
      async (fleet, _scene, desk) => {
        fleet.writeFleet({ forge: { plan: { forks: 'OnLabel' } } })
        const { number, commit } = await desk.open('4', { fork: true })
        desk.forge.change(number, { labels: ['flotilla/plan'] })
        await desk.look()
        await desk.look()
        assert.equal(desk.forge.status(commit)?.state, 'failure')
        assert.match(desk.forge.status(commit)?.description ?? '', /forks are not planned/)
        assert.equal(hasInClone(fleet, commit), false)
      },
      { forge: { plan: { forks: 'Never' } } },
    ))

  it('is not read while the forge cannot say whether it is approved', () =>
    withTrap(async (fleet, _scene, desk) => {
      fleet.people.write('a.yaml', yaml(configMap(fleet.ns, 'a', { v: '2' }, { everywhere: true })))
      const { number, commit } = await desk.open('5', { fork: true })
      desk.forge.change(number, { labels: ['flotilla/plan'] })
      desk.forge.break(new Error('the forge is down'))
      await desk.look()
      assert.equal(hasInClone(fleet, commit), false)
      desk.forge.break(undefined)
      assert.deepEqual(desk.forge.comments(number), [])
      assert.equal(desk.forge.status(commit), undefined)
    }))
})
