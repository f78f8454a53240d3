import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { rollbackCommand } from '../../../reconciler/commands/rollback.ts'
import { describeReal } from '../../testbed/binaries.ts'
import type { Ended } from '../commands/cli.ts'
import { recorded } from '../commands/recorded.ts'
import { type Fleet, filesOf, generate, startFleet, temporaryFolder } from '../git/fleet.ts'

const branches = { source: 'main', generated: 'generated' } as const

describeReal('flotilla rollback', ['git'], () => {
  let fleet: Fleet
  let folder = ''
  beforeEach(async () => {
    fleet = await startFleet()
    folder = temporaryFolder()
  })
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true })
    await fleet.stop()
  })

  function rollback(name: string, options: { readonly dryRun?: true } = {}): Promise<Ended> {
    const flags = {
      repo: fleet.url,
      branch: branches.source,
      generatedBranch: branches.generated,
      dir: join(folder, 'c'),
      forge: 'none' as const,
    }
    const env = { GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'ann@example.com' }
    return recorded((context) => rollbackCommand(name, { ...flags, ...options }, context), env)
  }

  async function push(message: string): Promise<string> {
    const commit = await fleet.people.commit(message)
    await fleet.people.push()
    return commit
  }

  /** What native Git makes of the same revert upon the tip: the tree, and the message. */
  async function nativeRevert(...args: readonly string[]): Promise<readonly [tree: string, message: string]> {
    const { people } = fleet
    await people.git('checkout', '--quiet', '--detach')
    await people.git('revert', '--no-edit', ...args)
    const made = [
      await people.git('rev-parse', 'HEAD^{tree}'),
      (await people.git('log', '-1', '--format=%B')).trimEnd(),
    ] as const
    await people.git('checkout', '--quiet', 'main')
    return made
  }

  it('makes of a commit the branch that git revert would make, beside what came later', async () => {
    const lines = (change: string) => `a: 1\nb: ${change}\nc: 3\nd: 4\ne: 5\nf: 6\n`
    fleet.people.write('w.yaml', lines('2'))
    fleet.people.write('x.yaml', 'x: 1\n')
    await push('Begin')
    fleet.people.write('w.yaml', lines('two'))
    fleet.people.write('new/y.yaml', 'y: 1\n')
    fleet.people.remove('x.yaml')
    const commit = await push('Change "much"')
    fleet.people.write('w.yaml', lines('two').replace('f: 6', 'f: six'))
    fleet.people.write('z.yaml', 'z: 1\n')
    const tip = await push('Change more')

    const { code, stdout, stderr } = await rollback(commit.slice(0, 8))
    assert.equal(code, 0, stderr)
    const branch = `flotilla/revert-${commit.slice(0, 12)}`
    assert.equal(stdout, `${branch}\n`)
    assert.match(stderr, /^taking back [0-9a-f]{12} "Change "much""; new\/y\.yaml, w\.yaml, x\.yaml\npushed /)
    const [tree, message] = await nativeRevert(commit)
    assert.equal(fleet.git('rev-parse', `${branch}^{tree}`), tree)
    assert.equal(fleet.git('log', '-1', '--format=%B', branch), message)
    assert.equal(fleet.git('log', '-1', '--format=%P %an <%ae>', branch), `${tip} Ann <ann@example.com>`)
    assert.equal(fleet.git('rev-parse', 'main'), tip)

    await push('Go on')
    const again = await rollback(commit)
    assert.equal(again.code, 1)
    assert.match(again.stderr, /is there already; merge it, or delete it/)
  })

  it('takes back all that a merge brought, and a revert', async () => {
    const { people } = fleet
    people.write('a.yaml', 'a: 1\n')
    await push('Begin')
    await people.git('checkout', '--quiet', '-b', 'feature')
    people.write('b.yaml', 'b: 1\n')
    await people.commit('Add b')
    people.write('a.yaml', 'a: 2\n')
    await people.commit('Change a')
    await people.git('checkout', '--quiet', 'main')
    people.write('c.yaml', 'c: 1\n')
    await people.commit('Add c')
    await people.git('merge', '--quiet', '--no-ff', '--no-edit', 'feature')
    await people.push()
    const merge = await people.git('rev-parse', 'HEAD')
    assert.equal((await rollback(merge)).code, 0)
    const branch = `flotilla/revert-${merge.slice(0, 12)}`
    const [tree, message] = await nativeRevert('-m', '1', merge)
    assert.deepEqual(
      [fleet.git('rev-parse', `${branch}^{tree}`), fleet.git('log', '-1', '--format=%B', branch)],
      [tree, message],
    )

    await people.git('revert', '--no-edit', '-m', '1', merge)
    await people.push()
    const revert = await people.git('rev-parse', 'HEAD')
    assert.equal((await rollback('main')).code, 0)
    assert.equal(
      fleet.git('rev-parse', `flotilla/revert-${revert.slice(0, 12)}^{tree}`),
      await people.git('rev-parse', 'HEAD~1^{tree}'),
    )
  })

  it('names the files of a conflict and what to do, and makes no branch', async () => {
    fleet.people.write('w.yaml', 'a: 1\n')
    await push('Begin')
    fleet.people.write('w.yaml', 'a: 2\n')
    const commit = await push('Two')
    fleet.people.write('w.yaml', 'a: 3\n')
    await push('Three')
    const { code, stdout, stderr } = await rollback(commit)
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /changed again in w\.yaml; run "git revert [0-9a-f]{12}" in a clone/)
    assert.equal(fleet.git('branch', '--list', 'flotilla/*'), '')
  })

  it('shows with --dry-run a patch that git apply takes, and writes nothing', async () => {
    fleet.people.write('w.yaml', 'a: 1\n')
    fleet.people.write('x.yaml', 'x: 1\n')
    await push('Begin')
    fleet.people.write('w.yaml', 'a: 2\n')
    fleet.people.write('y.yaml', 'y: 1\n')
    fleet.people.remove('x.yaml')
    const commit = await push('Change')
    const { code, stdout } = await rollback(commit, { dryRun: true })
    assert.equal(code, 0)
    assert.equal(fleet.git('branch', '--list', 'flotilla/*'), '')
    fleet.people.write('patch', stdout)
    await fleet.people.git('apply', '--index', 'patch')
    fleet.people.remove('patch')
    assert.equal(await fleet.people.git('write-tree'), await fleet.people.git('rev-parse', `${commit}~1^{tree}`))
  })

  it('takes back of a workload what the newest commit that changed its file changed there', async () => {
    const web = 'clusters/a/shop/Deployment.apps/web.yaml'
    const text = `# apps/web.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n`
    const repository = await fleet.open({ branches })
    await repository.fetch()
    await generate(repository, undefined, filesOf({ [web]: text }))
    fleet.people.write('apps/web.yaml', 'image: 1\n')
    const added = await push('Add web')
    for (const name of ['shop/web', 'Deployment/shop/web']) {
      const first = await rollback(name)
      assert.equal(first.code, 2)
      assert.match(first.stderr, new RegExp(`${added.slice(0, 12)} "Add web" is the commit that added apps/web\\.yaml`))
    }
    fleet.people.write('apps/web.yaml', 'image: 2\n')
    fleet.people.write('other.yaml', 'other: 1\n')
    const commit = await push('Change web and another')
    fleet.people.write('other.yaml', 'other: 2\n')
    await push('Change another')

    const { code, stdout, stderr } = await rollback('shop/web')
    assert.equal(code, 0, stderr)
    assert.match(stderr, /the newest commit that changed Deployment\.apps\/shop\/web; of it only apps\/web\.yaml\n/)
    const branch = `flotilla/revert-${commit.slice(0, 12)}-web`
    assert.equal(stdout, `${branch}\n`)
    assert.equal(fleet.git('diff', '--name-only', 'main', branch), 'apps/web.yaml')
    assert.equal(fleet.git('show', `${branch}:apps/web.yaml`), 'image: 1')
    assert.match(fleet.git('log', '-1', '--format=%B', branch), /^Revert "Change web and another" in apps\/web\.yaml\n/)
  })

  const refused: readonly (readonly [name: string, says: RegExp])[] = [
    ['0000000', /there is no commit and no workload "0000000"/],
    ['shop/nothing', /there is no commit and no workload "shop\/nothing"/],
    ['side', /is not on the source branch/],
  ]
  for (const [name, says] of refused)
    it(`refuses ${name} with exit 2`, async () => {
      await fleet.people.git('push', '--quiet', 'origin', 'HEAD')
      await fleet.people.git('checkout', '--quiet', '-b', 'side')
      await fleet.people.commit('Elsewhere')
      await fleet.people.git('push', '--quiet', 'origin', 'side')
      const { code, stdout, stderr } = await rollback(name)
      assert.deepEqual([code, stdout], [2, ''], stderr)
      assert.match(stderr, says)
    })
})
