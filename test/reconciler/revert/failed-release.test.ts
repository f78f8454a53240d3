import assert from 'node:assert/strict'
import { releaseEvidence } from '../../../reconciler/revert/failed-release.ts'
import { createOnFailure, type InForce, type OnFailure } from '../../../reconciler/revert/on-failure.ts'
import type { FailedRollout } from '../../../reconciler/rollout/failures.ts'
import { command } from '../../render/shipper/fixtures.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { revertForge } from './forge.ts'
import { application, type ReleaseWorld, releaseWorld } from './release-world.ts'

const minute = 60_000

describeReal('onFailure and a release that failed', ['git'], () => {
  let world: ReleaseWorld
  beforeEach(async () => {
    world = await releaseWorld()
  })
  afterEach(() => world.stop())

  const edit = (version: string, message = `Go to ${version}`) =>
    world.change(message, { 'app.yaml': application(version) })

  /** A daemon that looks after failures, and what it does and says. */
  function desk(options: { readonly clusters?: InForce['clusters']; readonly failOpening?: number } = {}) {
    const { repository, clock, fleet } = world
    const forge = revertForge(fleet, options.failOpening)
    const warned: string[] = []
    const start = async (): Promise<OnFailure> => {
      const now = await world.inForce(options.clusters)
      const warn = (...args: readonly unknown[]) => void warned.push(JSON.stringify(args))
      return createOnFailure({
        ...{ repository, clock, base: 'main', log: { info: () => undefined, warn } },
        forge: Promise.resolve(forge.forge),
        inForce: () => now,
      })
    }
    /** What one daemon does at this moment. */
    const look = async () => {
      const daemon = await start()
      daemon.look()
      await daemon.settled()
      await daemon.stop()
    }
    return { ...forge, warned, start, look }
  }

  const show = (branch: string, path: string) => world.fleet.git('show', `${branch}:${path}`)
  const branches = () => world.fleet.git('branch', '--list', 'flotilla/*')

  it('opens the revert of the commit that made it, once, so long after it was given up, with the evidence', async () => {
    const bad = await edit('0.0.2')
    const [second = ''] = world.releases().filter((name) => name !== world.first)
    world.clock.move(3 * 60 * minute)
    await world.change('Something else', { 'README.md': 'hello\n' })
    await world.fail()
    const failedAt = new Date(world.clock.now()).toISOString()
    const { opened, merged, look } = desk()
    world.clock.move(9 * minute)
    await look()
    assert.equal(opened.length, 0)
    world.clock.move(minute)
    await look()
    await look()
    assert.equal(opened.length, 1)
    const branch = `flotilla/revert-${bad.slice(0, 12)}`
    assert.deepEqual([opened[0]?.title, opened[0]?.head, opened[0]?.base], ['Revert "Go to 0.0.2"', branch, 'main'])
    const lines = (opened[0]?.body ?? '').split('\n')
    assert.equal(
      lines[0],
      `Commit ${bad} made release \`${second}\` of \`default/super-server\`, which has failed and was given up; \`${world.first}\` runs on. This takes it back.`,
    )
    assert.deepEqual(lines.slice(4, 11), [
      `| \`release\` | \`${second}\` |`,
      '| `chart` | `nginx 0.0.2` |',
      '| `step` | `0 (staging)` |',
      '| `why` | `step 0 (staging) has not stood for 15m` |',
      `| \`given up\` | \`${failedAt}\` |`,
      '| `in local-1` | `1 of 1 pods not ready: x-local-1 ImagePullBackOff` |',
      '| `in local-2` | `1 of 1 pods not ready: x-local-2 ImagePullBackOff` |',
    ])
    assert.equal(show(branch, 'app.yaml'), application('0.0.1').trimEnd())
    assert.equal(show(branch, 'README.md'), 'hello')
    assert.deepEqual(merged, [])
  })

  it('rolls nothing out when the revert is merged, and the failure is forgotten', async () => {
    await edit('0.0.2')
    await world.fail()
    world.clock.move(10 * minute)
    const { opened, look } = desk()
    await look()
    const before = world.rehearsal.texts()
    const text = `${show(opened[0]?.head ?? '', 'app.yaml')}\n`
    world.rehearsal.sources = { ...world.rehearsal.sources, 'app.yaml': text }
    const [forgotten, ...more] = (await world.rehearsal.settle()).flat()
    assert.match(forgotten ?? '', /^Forget that super-server-[0-9a-f]+-0 has failed$/)
    assert.deepEqual(more, [])
    const changed = [...world.rehearsal.texts()].filter(([path, now]) => before.get(path) !== now)
    assert.deepEqual(
      changed.map(([path]) => path),
      [`rollouts/default/super-server/${world.first}/Release.yaml`],
    )
    assert.deepEqual(world.releases(), [world.first])
    assert.deepEqual(world.rehearsal.said(), [])
  })

  it('merges it with MergeRevert, and asks a forge again that gave no answer', async () => {
    await world.stop()
    world = await releaseWorld('MergeRevert')
    const bad = await edit('0.0.2')
    await world.fail()
    world.clock.move(10 * minute)
    const { opened, merged, start } = desk({ failOpening: 2 })
    const daemon = await start()
    for (let i = 0; i < 3; i++) {
      daemon.look()
      await daemon.settled()
      world.clock.move(minute)
    }
    await daemon.stop()
    assert.equal(opened.length, 1)
    assert.deepEqual(merged, [[1, world.fleet.git('rev-parse', `flotilla/revert-${bad.slice(0, 12)}`)]])
  })

  it('opens none again that was closed', async () => {
    await edit('0.0.2')
    await world.fail()
    world.clock.move(10 * minute)
    const { opened, look, close } = desk()
    await look()
    close()
    world.clock.move(20 * minute)
    await look()
    assert.equal(opened.length, 1)
  })

  it('takes all commits back that changed the template since the version that runs, and no others', async () => {
    const second = await edit('0.0.2')
    await world.change('In between', { 'README.md': 'hello\n' })
    const third = await edit('0.0.3')
    await world.fail()
    world.clock.move(10 * minute)
    const { opened, look } = desk()
    await look()
    const [pull] = opened
    assert.equal(pull?.title, 'Revert "Go to 0.0.3" and 1 more')
    assert.match(pull?.body ?? '', new RegExp(`^Commit ${third} .*With it came, and are taken back too: ${second}\\.`))
    assert.equal(show(pull?.head ?? '', 'app.yaml'), application('0.0.1').trimEnd())
    assert.equal(show(pull?.head ?? '', 'README.md'), 'hello')
  })

  it('takes a merge back as a whole', async () => {
    const { people } = world.fleet
    await people.git('switch', '--quiet', '--create', 'feature')
    people.write('app.yaml', application('0.0.2'))
    await people.commit('Try 0.0.2')
    await people.git('switch', '--quiet', 'main')
    await people.git('merge', '--quiet', '--no-ff', '--message', 'Merge 0.0.2', 'feature')
    await people.push()
    const merge = await people.git('rev-parse', 'HEAD')
    await world.render({ 'app.yaml': application('0.0.2') })
    await world.fail()
    world.clock.move(10 * minute)
    const { opened, look } = desk()
    await look()
    assert.equal(opened[0]?.head, `flotilla/revert-${merge.slice(0, 12)}`)
    assert.equal(show(opened[0]?.head ?? '', 'app.yaml'), application('0.0.1').trimEnd())
  })

  it('finds it though the Application was moved to another file before, and edited without effect since', async () => {
    await world.change('Move it', { 'app.yaml': undefined, 'apps/web.yaml': application('0.0.1') })
    const bad = await world.change('Go to 0.0.2', { 'apps/web.yaml': application('0.0.2') })
    await world.change('Explain', { 'apps/web.yaml': `# who to ask\n${application('0.0.2')}` })
    await world.fail()
    const [failure] = await world.failures()
    assert.ok(failure?.change.type === 'found')
    assert.deepEqual(
      failure.change.commits.map(({ oid }) => oid),
      [bad],
    )
    assert.deepEqual(await world.failures([failure]), [failure], 'what is known is not looked for again')
  })

  const nothing: readonly (readonly [why: string, problem: RegExp, arrange: () => Promise<unknown>])[] = [
    ['for a revert', /is a revert itself/, () => edit('0.0.2', 'Revert "Go to 0.0.1"')],
    [
      'where the Application could not be read in between',
      /Application default\/super-server cannot be read in a commit since/,
      async () => {
        await world.change('Break it', { 'app.yaml': application('0.0.1').replace('chart:', 'charts:') })
        await edit('0.0.2')
      },
    ],
    [
      'where the same lines were changed since',
      /"problem":"conflict"/,
      async () => {
        await edit('0.0.2')
        await edit('0.0.2 # as tested')
      },
    ],
  ]
  for (const [why, problem, arrange] of nothing)
    it(`does nothing ${why}, and says so`, async () => {
      await arrange()
      await world.fail()
      world.clock.move(60 * minute)
      const { opened, warned, look } = desk()
      await look()
      assert.deepEqual(opened, [])
      assert.equal(branches(), '')
      assert.match(warned.join('\n'), problem)
    })

  it('leaves a commit alone that came while a release moved, whose pods do not get ready', async () => {
    world.rehearsal.tell = (release) => (release === world.first ? undefined : { installed: false })
    const made = await edit('0.0.2')
    const [second = ''] = world.releases().filter((name) => name !== world.first)
    const stuck = { installed: true, availableReplicas: 0, trafficReady: true }
    world.rehearsal.tell = (release) => (release === second ? stuck : undefined)
    await world.change('Something else', { 'README.md': 'hello\n' })
    const clusters = [world.degraded(`Deployment.apps/default/${second}-nginx`)]
    world.clock.move(60 * minute)
    const innocent = desk({ clusters })
    await innocent.look()
    assert.deepEqual([innocent.opened, branches()], [[], ''])

    const sent = await world.change('Go on', { 'release.yaml': command(1, second) })
    const guilty = desk({ clusters: [world.degraded(`Deployment.apps/default/${second}-nginx`)] })
    world.clock.move(60 * minute)
    await guilty.look()
    assert.deepEqual(
      guilty.opened.map(({ title }) => title),
      ['Revert "Go on"'],
      `${sent} sent it to another step, ${made} did not`,
    )
  })

  it('does nothing once the template has changed', async () => {
    await edit('0.0.2')
    await world.fail()
    world.rehearsal.promotions = {}
    await edit('0.0.3')
    world.clock.move(60 * minute)
    const { opened, look } = desk()
    await look()
    assert.deepEqual([opened, await world.failures()], [[], []])
  })
})

describe('the evidence of a release that failed', () => {
  const rows = (reason: string, clusters: readonly string[]) => {
    const release = { clusters, targetStep: 0, environment: { chart: { name: 'web', version: '1' } } }
    const failed = { release: 'web-2-0', template: 'x', reason }
    const rollout = { failed, release, since: 0 } as unknown as FailedRollout
    return releaseEvidence(rollout)
      .split('\n')
      .slice(5)
      .filter((row) => !row.includes('given up'))
  }

  const cases: readonly (readonly [reason: string, clusters: readonly string[], rows: readonly string[]])[] = [
    ['check smoke: answered 503, 3 of 3 times', ['c1'], ['| `why` | `check smoke: answered 503, 3 of 3 times` |']],
    ['step 1 (half) does not stand within 15m', ['c1'], ['| `why` | `step 1 (half) does not stand within 15m` |']],
    [
      'c-1: no room; 2 nodes; c: image: x; step 1 (half) has not stood for 15m',
      ['c', 'c-1'],
      [
        '| `why` | `step 1 (half) has not stood for 15m` |',
        '| `in c-1` | `no room; 2 nodes` |',
        '| `in c` | `image: x` |',
      ],
    ],
  ]
  for (const [reason, clusters, wanted] of cases)
    it(`is split by cluster: ${reason}`, () => assert.deepEqual(rows(reason, clusters), wanted))
})
