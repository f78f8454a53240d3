import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { abortCommand } from '../../../reconciler/commands/abort.ts'
import type { ApplicationFlags } from '../../../reconciler/commands/change-application.ts'
import { type PromoteFlags, promoteCommand } from '../../../reconciler/commands/promote.ts'
import { rollbackCommand } from '../../../reconciler/commands/rollback.ts'
import { fleet as fleetDocument } from '../../render/helper.ts'
import { command, nginxCharts, shipperCluster } from '../../render/shipper/fixtures.ts'
import { type Rehearsal, rehearse } from '../../render/shipper/rehearsal.ts'
import { describeReal } from '../../testbed/binaries.ts'
import type { Ended } from '../commands/cli.ts'
import { recorded } from '../commands/recorded.ts'
import { type Fleet, filesOf, generate, startFleet, temporaryFolder } from '../git/fleet.ts'

const application = `# who to ask: the platform team\n${readFileSync('test/fixtures/article/application.yaml', 'utf8')}`
const edited = application.replace('version: 0.0.1', 'version: 0.0.2')
const [first, second] = ['super-server-71fd5980-0', 'super-server-3acd4093-0']
const branches = { source: 'main', generated: 'generated' } as const
const env = { GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'ann@example.com' }

/** Another one: what the same person commits twice within a second is the same commit. */
const bob = { ...env, GIT_AUTHOR_NAME: 'Bob' }

describeReal('flotilla promote and abort', ['git'], () => {
  let fleet: Fleet
  let folder = ''
  let rehearsal: Rehearsal
  let generated: string | undefined

  beforeEach(async () => {
    fleet = await startFleet()
    folder = temporaryFolder()
    generated = undefined
    fleet.people.remove('workloads/web.yaml')
    rehearsal = rehearse({ 'flotilla.yaml': fleetDocument, 'c.yaml': shipperCluster('local-1') }, nginxCharts())
    await run({ 'apps/app.yaml': application })
  })
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true })
    await fleet.stop()
  })

  /** Pushes these files, and what comes of them to the generated branch. */
  async function run(files: Readonly<Record<string, string>>): Promise<void> {
    rehearsal.sources = { ...rehearsal.sources, ...files }
    for (const [path, text] of Object.entries(rehearsal.sources)) fleet.people.write(path, String(text))
    await fleet.people.commit('Change')
    await fleet.people.push()
    await rehearsal.settle()
    const repository = await fleet.open({ branches })
    await repository.fetch()
    const { commit } = await generate(repository, generated, filesOf(Object.fromEntries(rehearsal.texts())))
    generated = commit
  }

  const where = () => ({
    ...{ repo: fleet.url, branch: branches.source, generatedBranch: branches.generated },
    ...{ dir: join(folder, 'c'), forge: 'none' as const },
  })
  const promote = (more: Partial<PromoteFlags> = {}, by = env): Promise<Ended> =>
    recorded((context) => promoteCommand('super-server', { ...where(), ...more }, context), by)
  const abort = (more: Partial<ApplicationFlags> = {}): Promise<Ended> =>
    recorded((context) => abortCommand('super-server', { ...where(), ...more }, context), env)
  const show = (branch: string, path: string) => fleet.git('show', `${branch}:${path}`)

  it('promote writes the next step beside the Application, on a branch by the one who asked', async () => {
    const { code, stdout, stderr } = await promote()
    assert.equal(code, 0, stderr)
    const branch = `flotilla/promote-${first}-1`
    assert.equal(stdout, `${branch}\n`)
    assert.match(
      stderr,
      new RegExp(`${first} is to go to step 1 \\(full on\\), in apps/super-server\\.release\\.yaml\n`),
    )
    assert.equal(fleet.git('log', '-1', '--format=%an %s', branch), 'Ann Move super-server on to full on')
    assert.equal(fleet.git('diff', '--name-only', 'main', branch), 'apps/super-server.release.yaml')

    await run({ 'apps/super-server.release.yaml': show(branch, 'apps/super-server.release.yaml') })
    assert.deepEqual(rehearsal.said(), [])
    assert.equal(rehearsal.file(`rollouts/default/super-server/${first}/Release.yaml`) !== undefined, true)
    const after = await promote()
    assert.equal(after.code, 1)
    assert.match(after.stderr, /is at its last step, 1 \(full on\)/)
  })

  it('promote takes the document of the release before over, with what else stands in its file', async () => {
    const written = `# pinned by hand\n${command(1, first)}# the end\n---\n# of another\na:   "1"\n`
    await run({ 'steps.yaml': written })
    await run({ 'apps/app.yaml': edited })
    const { code, stderr } = await promote({ step: 'full on' })
    assert.equal(code, 0, stderr)
    const text = show(`flotilla/promote-${second}-1`, 'steps.yaml')
    assert.equal(`${text}\n`, written.replace(first, second))
  })

  it('promote says where its Release keeps an Application from going on by itself', async () => {
    const notes = 'metadata:\n  annotations: {flotilla.dev/promote: Automatic}\n'
    await run({ 'apps/app.yaml': application.replace('metadata:\n', notes) })
    const { code, stderr } = await promote({ dryRun: true })
    assert.equal(code, 0)
    assert.match(stderr, /in apps\/super-server\.release\.yaml; while that stands there, nothing goes on by itself\n/)
  })

  it('promote goes to no step that is not there, and shows without writing', async () => {
    const wrong = await promote({ step: 'moon' })
    assert.equal(wrong.code, 1)
    assert.match(wrong.stderr, /has no step "moon"; its steps are 0 \(staging\), 1 \(full on\)/)
    const shown = await promote({ dryRun: true })
    assert.equal(shown.code, 0)
    assert.match(shown.stdout, /\+ {2}targetStep: 1/)
    await run({ 'release.yaml': command(1, first) })
    const back = await promote({ step: 'staging', dryRun: true })
    assert.match(back.stderr, /"Move super-server back to staging"/)
    assert.match(back.stdout, /^-spec: \{targetStep: 1\}\n\+spec: \{targetStep: 0\}$/m)
    assert.equal(fleet.git('branch', '--list', 'flotilla/*'), '')
  })

  it('abort gives the Application back the template of the version that runs, and its comments stay', async () => {
    const nothing = await abort()
    assert.equal(nothing.code, 1)
    assert.match(nothing.stderr, /is the first release: nothing ran before it/)

    await run({ 'release.yaml': command(1, first) })
    await run({ 'apps/app.yaml': edited })
    const { code, stdout, stderr } = await abort()
    assert.equal(code, 0, stderr)
    assert.equal(stdout, `flotilla/abort-${second}\n`)
    const text = show(`flotilla/abort-${second}`, 'apps/app.yaml')
    assert.equal(text, application.trimEnd())

    await run({ 'apps/app.yaml': text })
    assert.equal(rehearsal.file(`rollouts/default/super-server/${second}/Release.yaml`), undefined)
    assert.notEqual(rehearsal.file(`rollouts/default/super-server/${first}/Release.yaml`), undefined)
  })

  it('says of a step that was proposed before that its branch is there, and of one that was merged that it is said', async () => {
    await promote()
    const again = await promote({}, bob)
    assert.equal(again.code, 1)
    assert.match(
      again.stderr,
      new RegExp(`the branch flotilla/promote-${first}-1 is there already; merge it, or delete it`),
    )
    const path = 'apps/super-server.release.yaml'
    fleet.people.write(path, `${show(`flotilla/promote-${first}-1`, path)}\n`)
    await fleet.people.commit('Merge it')
    await fleet.people.push()
    const merged = await promote()
    assert.equal(merged.code, 1)
    assert.match(merged.stderr, /the source says so already: super-server-71fd5980-0 is to go to step 1 \(full on\)/)
  })

  it('commits to the source branch itself with --commit, where somebody says yes', async () => {
    const tip = fleet.git('rev-parse', 'main')
    const unasked = await promote({ commit: true })
    assert.equal(unasked.code, 1)
    assert.match(unasked.stderr, /\+ {2}targetStep: 1\n[\s\S]*nobody can be asked here; add --yes/)
    const shown = await promote({ commit: true, dryRun: true })
    assert.equal(shown.code, 0)
    assert.match(shown.stderr, /not written: branch main, "Move super-server on to full on"/)
    assert.equal(fleet.git('rev-parse', 'main'), tip)

    const { code, stdout, stderr } = await promote({ commit: true, yes: true })
    assert.equal(code, 0, stderr)
    assert.equal(stdout, `${fleet.git('rev-parse', 'main')}\n`)
    assert.match(stderr, /committed to main: [0-9a-f]{7} "Move super-server on to full on"/)
    assert.equal(fleet.git('log', '-1', '--format=%an %P', 'main'), `Ann ${tip}`)
    assert.equal(fleet.git('branch', '--list', 'flotilla/*'), '')
    assert.match(show('main', 'apps/super-server.release.yaml'), /targetStep: 1/)
  })

  it('writes into a folder with --source, and commits nothing', async () => {
    const tip = fleet.git('rev-parse', 'main')
    const source = fleet.people.folder
    const path = 'apps/super-server.release.yaml'
    const shown = await promote({ source, dryRun: true })
    assert.equal(shown.code, 0, shown.stderr)
    assert.match(shown.stdout, /\+ {2}targetStep: 1/)
    assert.equal(existsSync(join(source, path)), false)
    const { code, stdout, stderr } = await promote({ source })
    assert.deepEqual([code, stdout], [0, `${path}\n`], stderr)
    assert.match(readFileSync(join(source, path), 'utf8'), /targetStep: 1/)
    assert.equal(fleet.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/flotilla'), '')
    assert.equal(fleet.git('rev-parse', 'main'), tip)
  })

  it('says to programs what was done', async () => {
    const change = { application: 'default/super-server', release: first, step: { index: 1, name: 'full on' } }
    const file = 'apps/super-server.release.yaml'
    const branch = `flotilla/promote-${first}-1`
    const pushed = await promote({ output: 'json' })
    assert.deepEqual(JSON.parse(pushed.stdout), { ...change, file, branch, outcome: 'pushed' })
    const there = await promote({ output: 'json' }, bob)
    assert.deepEqual([there.code, JSON.parse(there.stdout)], [1, { ...change, file, branch, outcome: 'exists' }])
    const done = await promote({ output: 'json', commit: true, yes: true })
    const commit = fleet.git('rev-parse', 'main')
    assert.deepEqual(JSON.parse(done.stdout), { ...change, file, branch: 'main', outcome: 'committed', commit })
  })

  it('abort takes back what a release that failed was made of, and promote says that it has failed', async () => {
    await run({ 'release.yaml': command(1, first) })
    rehearsal.tell = (release) =>
      release === second ? { installed: true, availableReplicas: 0, trafficReady: true, message: 'no pods' } : undefined
    const deadline = 'metadata:\n  annotations: {flotilla.dev/step-deadline: 15m}\n'
    await run({ 'apps/app.yaml': edited.replace('metadata:\n', deadline) })
    rehearsal.promotions = { [`default/${second}`]: { step: 0, deadlinePassed: true } }
    await run({ 'README.md': 'hello\n' })
    const promoted = await promote()
    assert.equal(promoted.code, 1)
    assert.match(
      promoted.stderr,
      new RegExp(`${second} has failed: local-1: no pods; step 0 .*; change the template, or take it back`),
    )
    const { code, stderr } = await abort()
    assert.equal(code, 0, stderr)
    assert.match(stderr, new RegExp(`super-server goes back to ${first}; ${second} has failed`))
    assert.match(show(`flotilla/abort-${second}`, 'apps/app.yaml'), /version: 0\.0\.1\n/)
  })

  it('abort finds the template though the Application was moved to another file since', async () => {
    await run({ 'release.yaml': command(1, first) })
    fleet.people.remove('apps/app.yaml')
    const { 'apps/app.yaml': _moved, ...others } = rehearsal.sources
    rehearsal.sources = others
    await run({ 'other/app.yaml': edited })
    const { code, stderr } = await abort()
    assert.equal(code, 0, stderr)
    assert.equal(show(`flotilla/abort-${second}`, 'other/app.yaml'), application.trimEnd())
  })

  it('rollback takes back what changed an Application last, by its name, in its file alone', async () => {
    await run({ 'release.yaml': command(1, first) })
    await run({ 'apps/app.yaml': edited, 'README.md': 'hello\n' })
    for (const name of ['default/super-server', 'Application/default/super-server']) {
      const { code, stdout, stderr } = await recorded(
        (context) => rollbackCommand(name, { ...where(), dryRun: true }, context),
        env,
      )
      assert.equal(code, 0, stderr)
      assert.match(stderr, /the newest commit that changed Application\.shipper\.booking\.com\/default\/super-server; /)
      assert.match(stdout, /^-.*version: 0\.0\.2\n\+.*version: 0\.0\.1$/m)
      assert.doesNotMatch(stdout, /README/)
    }
  })
})
