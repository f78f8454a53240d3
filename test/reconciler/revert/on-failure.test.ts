import assert from 'node:assert/strict'
import { gitTree } from '../../../reconciler/cycle/source.ts'
import { formatGeneratedMessage, type Reason } from '../../../reconciler/git/generated.ts'
import type { MemberStatus } from '../../../reconciler/member/types.ts'
import { createOnFailure, type OnFailure } from '../../../reconciler/revert/on-failure.ts'
import { createFleetReader } from '../../../repo-layout/read/reader.ts'
import { standingClock } from '../../clocks.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { author, type Fleet, filesOf, startFleet } from '../git/fleet.ts'
import { revertForge } from './forge.ts'

const branches = { source: 'main', generated: 'generated' } as const
const path = 'clusters/c1/shop/Deployment.apps/web.yaml'
const object = (image: string) => `# web.yaml\nimage: ${image}\n`
const minute = 60_000

describeReal('onFailure', ['git'], () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await startFleet()
  })
  afterEach(() => fleet.stop())

  interface Case {
    readonly action?: string
    readonly message?: string
    readonly reason?: Reason
    readonly sync?: MemberStatus['sync']
    /** The object that fails is one that the commit did not change. */
    readonly other?: boolean
    readonly failOpening?: number
  }

  async function scene(options: Case = {}) {
    const { action = 'OpenRevert', reason = 'source', sync = 'degraded' } = options
    const spec = `spec:\n  onFailure: {action: ${action}, after: 10m}\n`
    fleet.people.write('flotilla.yaml', `apiVersion: flotilla.dev/v1alpha1\nkind: Fleet\nmetadata: {name: f}\n${spec}`)
    fleet.people.write('web.yaml', 'image: 1\n')
    const good = await fleet.people.commit('Good')
    fleet.people.write('web.yaml', 'image: 2\n')
    const bad = await fleet.people.commit(options.message ?? 'Bad')
    await fleet.people.push()
    const repository = await fleet.open({ branches })
    await repository.fetch()
    const generate = async (parent: string | undefined, sourceCommit: string, image: string, why: Reason) => {
      const message = formatGeneratedMessage({
        ...{ subject: 'x', why: 'x', changes: [], sourceCommit, reason: why, renderer: 'test' },
      })
      return (await repository.commitGenerated({ parent, files: filesOf({ [path]: object(image) }), message, author }))
        .commit
    }
    const first = await generate(undefined, good, '1', 'source')
    const generated = await generate(first, bad, '2', reason)
    const { source } = await createFleetReader().read(gitTree(repository, bad))
    assert.ok(source)
    const clock = standingClock(Date.now())
    const subject = options.other ? 'Deployment.apps/shop/other' : 'Deployment.apps/shop/web'
    const failing: MemberStatus = {
      ...{ cluster: 'c1', sync, message: 'not applied and healthy within 10m; 1 is not ready' },
      ...{ appliedCommit: generated, wantedCommit: generated, applied: 1, total: 1 },
      ...{ seenAt: undefined, since: new Date(clock.now()).toISOString() },
      ...{ kubernetesVersion: undefined, credentialExpiresAt: undefined },
      objects: [
        {
          ...{ subject, source: 'web.yaml', action: 'configured', health: 'Failed', message: 'ImagePull `x` | @all' },
          ...{ drift: undefined, extras: [], held: undefined },
        },
      ],
    }
    const { forge, opened, merged, close } = revertForge(fleet, options.failOpening)
    const start = (withForge = true): OnFailure =>
      createOnFailure({
        ...{ repository, clock, base: 'main', log: { info: () => undefined, warn: () => undefined } },
        forge: Promise.resolve(withForge ? forge : undefined),
        inForce: () => ({ source, tip: bad, generated, clusters: [failing], failures: [] }),
      })
    const look = async (daemon: OnFailure) => {
      daemon.look()
      await daemon.settled()
    }
    return { clock, opened, merged, start, look, close, bad, branch: `flotilla/revert-${bad.slice(0, 12)}` }
  }

  it('opens the revert of a failed commit once, when it has failed for as long as it says, with the evidence', async () => {
    const { clock, opened, merged, start, look, bad, branch } = await scene()
    const daemon = start()
    clock.move(9 * minute)
    await look(daemon)
    assert.equal(opened.length, 0)
    assert.equal(fleet.git('branch', '--list', 'flotilla/*'), '')
    clock.move(minute)
    await look(daemon)
    await look(daemon)
    assert.equal(opened.length, 1)
    assert.deepEqual([opened[0]?.title, opened[0]?.head, opened[0]?.base], ['Revert "Bad"', branch, 'main'])
    assert.match(opened[0]?.body ?? '', new RegExp(`^Commit ${bad} was not applied and healthy within 10m\\.`))
    assert.match(opened[0]?.body ?? '', /\| `c1` \| `Deployment\.apps\/shop\/web` \| `ImagePull x \\\| @all` \| `20/)
    assert.equal(fleet.git('show', `${branch}:web.yaml`), 'image: 1')
    assert.equal(fleet.git('rev-parse', 'main'), bad)
    assert.deepEqual(merged, [])
    await daemon.stop()
  })

  it('opens none again after a restart, whether it is open or was closed', async () => {
    const { clock, opened, start, look, close } = await scene()
    clock.move(10 * minute)
    await look(start())
    await look(start())
    assert.equal(opened.length, 1)
    close()
    clock.move(20 * minute)
    await look(start())
    assert.equal(opened.length, 1)
  })

  it('asks a forge again that gave no answer, and opens one pull request', async () => {
    const { clock, opened, start, look } = await scene({ failOpening: 2 })
    const daemon = start()
    clock.move(10 * minute)
    for (let i = 0; i < 3; i++) {
      await look(daemon)
      clock.move(minute)
    }
    assert.equal(opened.length, 1)
    await daemon.stop()
  })

  it('merges it with MergeRevert, at the commit that was opened', async () => {
    const { clock, merged, start, look, branch } = await scene({ action: 'MergeRevert' })
    clock.move(10 * minute)
    await look(start())
    assert.deepEqual(merged, [[1, fleet.git('rev-parse', branch)]])
  })

  it('pushes the branch where there is no forge', async () => {
    const { clock, start, look, branch } = await scene()
    clock.move(10 * minute)
    await look(start(false))
    assert.equal(fleet.git('log', '-1', '--format=%s', branch), 'Revert "Bad"')
  })

  const nothing: readonly (readonly [why: string, options: Case])[] = [
    ['for a revert', { message: 'Revert "Better"' }],
    ['while the action is None', { action: 'None' }],
    ['for a cluster that cannot be reached', { sync: 'unreachable' }],
    ['for a cluster that lets nobody in', { sync: 'unauthorized' }],
    ['for an object that the commit did not change', { other: true }],
    ['for what failover moved', { reason: 'failover' }],
  ]
  for (const [why, options] of nothing)
    it(`does nothing ${why}`, async () => {
      const { clock, opened, start, look } = await scene(options)
      clock.move(60 * minute)
      await look(start())
      assert.equal(opened.length, 0)
      assert.equal(fleet.git('branch', '--list', 'flotilla/*'), '')
    })
})
