import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRepository } from '../../../reconciler/git/open.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { branches, filesOf, generate, gitIn, temporaryFolder } from './fleet.ts'

const path = 'clusters/a/shop/Service/web.yaml'

describeReal('a fleet repository on this disk', ['git'], () => {
  let folder = ''
  let source = ''
  const git = (...args: readonly string[]) =>
    gitIn(folder, '-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args)
  beforeEach(() => {
    folder = temporaryFolder()
    git('init', '--quiet', '--initial-branch=main')
    writeFileSync(join(folder, 'flotilla.yaml'), 'kind: Fleet\n')
    git('add', '--all')
    git('commit', '--quiet', '--message', 'Start')
    source = git('rev-parse', 'HEAD')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('is read and generated in place, and its work tree is not touched', async () => {
    const repository = await openRepository({ url: folder, branches })
    assert.deepEqual(await repository.fetch(), { source, generated: undefined })

    const first = await generate(repository, undefined, filesOf({ [path]: 'a: 1\n' }))
    const second = await generate(repository, first.commit, filesOf({ [path]: 'a: 2\n' }))

    assert.deepEqual([first.push, second.push], [{ type: 'pushed' }, { type: 'pushed' }])
    assert.deepEqual(await repository.fetch(), { source, generated: second.commit })
    assert.equal(git('log', '--format=%H', 'flotilla'), `${second.commit}\n${first.commit}`)
    assert.equal(git('show', `flotilla:${path}`), 'a: 2')
    assert.equal(git('status', '--porcelain'), '')
    assert.equal(git('fsck', '--full', '--strict'), '')
    assert.equal(await repository.isAncestor(first.commit, second.commit), true)
    assert.equal(await repository.isAncestor(second.commit, first.commit), false)
    const packs = readdirSync(join(folder, '.git/objects/pack')).sort()
    assert.equal(packs.length, 4)
    for (const name of packs.filter((name) => name.endsWith('.idx'))) {
      assert.match(git('verify-pack', '--verbose', join('.git/objects/pack', name)), /: ok$/)
    }
  })

  it('is read after its branches and objects were packed', async () => {
    const repository = await openRepository({ url: folder, branches })
    const { commit } = await generate(repository, undefined, filesOf({ [path]: 'a: 1\n' }))
    git('pack-refs', '--all')
    git('repack', '-a', '-d', '--quiet')
    git('gc', '--quiet')

    assert.deepEqual(await repository.fetch(), { source, generated: commit })
    assert.equal((await repository.list(commit)).length, 1)
    const next = await generate(repository, commit, filesOf({ [path]: 'a: 2\n' }))
    assert.equal(git('rev-parse', 'flotilla'), next.commit)
  })

  it('knows what was generated last, also when the branch was deleted, and can put it back', async () => {
    const repository = await openRepository({ url: folder, branches })
    assert.equal(await repository.lastGenerated(), undefined)
    const { commit } = await generate(repository, undefined, filesOf({ [path]: 'a: 1\n' }))
    git('update-ref', '-d', 'refs/heads/flotilla')
    git('gc', '--quiet', '--prune=now')

    const again = await openRepository({ url: folder, branches })
    assert.equal((await again.fetch()).generated, undefined)
    assert.equal(await again.lastGenerated(), commit)
    assert.deepEqual(await again.restoreGenerated(commit), { type: 'pushed' })
    assert.equal(git('rev-parse', 'flotilla'), commit)
  })

  it('loses to another writer and to a lock that another process holds', async () => {
    const repository = await openRepository({ url: folder, branches })
    git('branch', 'flotilla', 'main')
    const lost = await generate(repository, undefined, filesOf({ [path]: 'a: 1\n' }))
    assert.deepEqual(lost.push, { type: 'lost', remote: source })

    const after = (_: number, task: () => void) => {
      const handle = setImmediate(task)
      return { cancel: () => clearImmediate(handle) }
    }
    const clock = { now: Date.now, after }
    const locked = await openRepository({ url: folder, branches, clock })
    const lock = join(folder, '.git/refs/heads/flotilla.lock')
    writeFileSync(lock, '')
    await assert.rejects(generate(locked, source, filesOf({ [path]: 'a: 1\n' })), { code: 'server' })

    assert.ok(existsSync(lock), 'the lock of another process stays')
    rmSync(lock)
    assert.deepEqual((await generate(locked, source, filesOf({ [path]: 'a: 1\n' }))).push, { type: 'pushed' })
  })

  it('lets only one of many writers win', async () => {
    const repositories = await Promise.all([1, 2, 3, 4].map(() => openRepository({ url: folder, branches })))

    const results = await Promise.all(
      repositories.map((repository, index) => generate(repository, undefined, filesOf({ [path]: `a: ${index}\n` }))),
    )

    const won = results.filter(({ push }) => push.type === 'pushed')
    assert.equal(won.length, 1)
    assert.equal(git('rev-parse', 'flotilla'), won[0]?.commit)
  })

  it('is refused while the generated branch is checked out', async () => {
    const repository = await openRepository({ url: folder, branches })
    git('checkout', '--quiet', '-b', 'flotilla')

    await assert.rejects(openRepository({ url: folder, branches }), { code: 'config', message: /checked out/ })
    await assert.rejects(generate(repository, source, filesOf({ [path]: 'a: 1\n' })), { code: 'config' })
    assert.equal(git('rev-parse', 'flotilla'), source)
  })

  it('may be bare, and is refused where there is none', async () => {
    const bare = temporaryFolder()
    gitIn(bare, 'clone', '--quiet', '--bare', folder, '.')
    const repository = await openRepository({ url: bare, branches })
    const { push } = await generate(repository, undefined, filesOf({ [path]: 'a: 1\n' }))
    assert.deepEqual(push, { type: 'pushed' })
    assert.equal(gitIn(bare, 'fsck', '--full', '--strict'), '')
    rmSync(bare, { recursive: true })

    await assert.rejects(openRepository({ url: '/nowhere/at/all', branches }), { code: 'not-found' })
  })

  it('needs settings that can work', async () => {
    for (const options of [
      { url: folder, branches: { source: 'main', generated: 'main' } },
      { url: folder, branches: { source: 'main', generated: '../x' } },
      { url: 'git@example.com:fleet.git', branches },
      { url: 'ssh://git@example.com/fleet.git', branches },
      { url: 'https://example.com/fleet.git', branches },
    ]) {
      await assert.rejects(openRepository(options), { code: 'config' }, JSON.stringify(options))
    }
  })
})
