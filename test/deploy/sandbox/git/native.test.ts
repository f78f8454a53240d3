import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Push } from '../../../../deploy/sandbox/git/push.ts'
import { type GitServer, startGitServer } from '../../../../deploy/sandbox/git/server.ts'
import { describeReal } from '../../../testbed/binaries.ts'
import { createWorkTree, gitEnvironment, type WorkTree } from '../../../testbed/work-tree.ts'

describeReal("the sandbox's Git server and a real Git", ['git'], () => {
  let server: GitServer
  let url: string
  let pushes: Push[]
  let refusal: string | undefined
  let trees: WorkTree[]

  beforeEach(async () => {
    pushes = []
    refusal = undefined
    trees = []
    server = await startGitServer({
      admit: async () => refusal,
      onPush: (push) => pushes.push(push),
    })
    url = await server.open('team/fleet')
  })
  afterEach(async () => {
    for (const tree of trees) tree.dispose()
    await server.stop()
  })

  const clone = async () => {
    const tree = await createWorkTree(url)
    trees.push(tree)
    return tree
  }
  const inServer = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: server.folder('team/fleet'), env: gitEnvironment(), encoding: 'utf8' }).trim()
  const started = async () => {
    const author = await clone()
    author.write('flotilla.yaml', 'kind: Fleet\n')
    author.write('workloads/web.yaml', 'kind: Deployment\nreplicas: 1\n')
    await author.commit('Start the fleet')
    await author.git('push', '--quiet', 'origin', 'HEAD:main')
    await author.git('branch', '--quiet', '--set-upstream-to=origin/main')
    return author
  }

  it('takes a push and gives it to the next clone, on main', async () => {
    const author = await started()
    author.remove('workloads/web.yaml')
    const sha = await author.commit('Remove what is not needed')
    await author.git('push', '--quiet', 'origin', 'HEAD:main')

    const reader = await clone()

    assert.equal(await reader.git('rev-parse', '--abbrev-ref', 'HEAD'), 'main')
    assert.equal(await reader.git('rev-parse', 'HEAD'), sha)
    assert.equal(await reader.git('ls-files'), 'flotilla.yaml')
    assert.equal(await reader.git('log', '--format=%s'), 'Remove what is not needed\nStart the fleet')
    assert.deepEqual(
      pushes.map(({ updates }) => updates.map(({ ref }) => ref)),
      [['refs/heads/main'], ['refs/heads/main']],
    )
    assert.equal(pushes.at(-1)?.updates[0]?.to, sha)
  })

  it('keeps a repository that a real Git finds in order', async () => {
    await started()
    assert.equal(inServer('fsck', '--full', '--strict'), '')
    assert.equal(inServer('log', '--format=%s', 'main'), 'Start the fleet')
  })

  it('gives a later pull only what is new, as deltas or whole', async () => {
    const author = await started()
    const reader = await clone()
    const lines = Array.from({ length: 400 }, (_, number) => `line ${number} ${randomBytes(8).toString('hex')}`)
    for (let change = 0; change < 5; change++) {
      lines[change * 50] = `changed ${change}`
      author.write('workloads/web.yaml', lines.join('\n'))
      await author.commit(`Change ${change}`)
    }
    await author.git('push', '--quiet', 'origin', 'HEAD:main')

    await reader.git('pull', '--quiet')

    assert.equal(await reader.git('rev-parse', 'HEAD'), await author.git('rev-parse', 'HEAD'))
    assert.equal(await reader.git('show', 'HEAD:workloads/web.yaml'), lines.join('\n'))
    assert.equal(await reader.git('fsck', '--full'), '')
    await reader.git('pull', '--quiet')
  })

  it('serves histories that parted, when a client fetches and merges', async () => {
    const author = await started()
    const other = await clone()
    other.write('docs/a.md', 'a\n')
    await other.commit('Write a page')
    for (let change = 0; change < 40; change++) {
      author.write('count', `${change}\n`)
      await author.commit(`Count to ${change}`)
    }
    await author.git('push', '--quiet', 'origin', 'HEAD:main')

    await other.git('fetch', '--quiet')
    await other.git('merge', '--quiet', '--no-edit', 'origin/main')
    await other.git('push', '--quiet', 'origin', 'HEAD:main')
    await author.git('pull', '--quiet')

    assert.equal(await author.git('rev-list', '--count', 'HEAD'), '43')
    assert.equal(await author.git('fsck', '--full'), '')
  })

  it('cuts history where it is asked to, deepens it and completes it', async () => {
    const author = await started()
    for (let change = 0; change < 9; change++) {
      author.write('count', `${change}\n`)
      await author.commit(`Count to ${change}`)
    }
    await author.git('push', '--quiet', 'origin', 'HEAD:main')
    const reader = await clone()
    const count = () => reader.git('rev-list', '--count', 'origin/main')

    await reader.git('fetch', '--quiet', '--depth', '1')
    await reader.git('clone', '--quiet', '--depth', '1', url, 'shallow')
    const shallow = (...args: readonly string[]) => reader.git('-C', 'shallow', ...args)
    const shallowCount = () => shallow('rev-list', '--count', 'origin/main')

    assert.equal(await count(), '1')
    assert.equal(await shallowCount(), '1')
    await shallow('fetch', '--quiet', '--depth', '3')
    assert.equal(await shallowCount(), '3')
    await shallow('fetch', '--quiet', '--deepen', '2')
    assert.equal(await shallowCount(), '5')
    author.write('count', 'ten\n')
    await author.commit('Count to ten')
    await author.git('push', '--quiet', 'origin', 'HEAD:main')
    await shallow('fetch', '--quiet')
    assert.equal(await shallowCount(), '6')
    await shallow('fetch', '--quiet', '--unshallow')
    assert.equal(await shallowCount(), '11')
    assert.equal(await shallow('rev-parse', '--is-shallow-repository'), 'false')
    assert.equal(await shallow('fsck', '--full'), '')
  })

  it('takes a push from a clone whose history was cut', async () => {
    const author = await started()
    author.write('count', '1\n')
    await author.commit('Count')
    await author.git('push', '--quiet', 'origin', 'HEAD:main')
    const reader = await clone()
    await reader.git('clone', '--quiet', '--depth', '1', url, 'shallow')
    await reader.git('-C', 'shallow', 'commit', '--quiet', '--allow-empty', '--message', 'From a shallow clone')

    await reader.git('-C', 'shallow', 'push', '--quiet', 'origin', 'HEAD:main')

    assert.equal(inServer('rev-list', '--count', 'main'), '3')
    assert.equal(inServer('fsck', '--full'), '')
  })

  it('of two pushes upon the same commit takes one', async () => {
    const author = await started()
    const others = [author, await clone(), await clone()]
    for (const [index, tree] of others.entries()) {
      tree.write(`from-${index}`, 'text\n')
      await tree.commit(`From ${index}`)
    }

    const outcomes = await Promise.allSettled(others.map((tree) => tree.git('push', '--quiet', 'origin', 'HEAD:main')))

    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal(inServer('rev-list', '--count', 'main'), '2')
  })

  it('refuses a push that is not upon what the server has, and takes it by force', async () => {
    const author = await started()
    const other = await clone()
    await other.git('commit', '--quiet', '--amend', '--message', 'Start again')
    author.write('more', 'text\n')
    await author.commit('More')
    await author.git('push', '--quiet', 'origin', 'HEAD:main')

    await assert.rejects(other.git('push', '--quiet', 'origin', 'HEAD:main'), /rejected/)
    await other.git('push', '--quiet', '--force', 'origin', 'HEAD:main')

    assert.equal(inServer('log', '--format=%s', 'main'), 'Start again')
  })

  it('reverts a commit', async () => {
    const author = await started()
    author.write('workloads/web.yaml', 'kind: Deployment\nreplicas: 2\n')
    await author.commit('Run two')
    await author.git('push', '--quiet', 'origin', 'HEAD:main')

    await author.git('revert', '--no-edit', 'HEAD')
    await author.git('push', '--quiet', 'origin', 'HEAD:main')

    assert.equal(inServer('show', 'main:workloads/web.yaml'), 'kind: Deployment\nreplicas: 1')
    assert.equal(inServer('rev-parse', 'main^{tree}'), inServer('rev-parse', 'main~2^{tree}'))
  })

  it('makes, lists and deletes branches and tags, but not the branch that is cloned', async () => {
    const author = await started()
    await author.git('push', '--quiet', 'origin', 'HEAD:refs/heads/team/try', 'HEAD:refs/heads/other')
    await author.git('tag', '--annotate', '--message', 'First', 'v1')
    await author.git('push', '--quiet', 'origin', 'v1')

    const listed = await author.git('ls-remote', 'origin')
    assert.match(listed, /refs\/heads\/team\/try\n/)
    assert.match(listed, /refs\/tags\/v1\^\{\}$/)
    assert.equal(await (await clone()).git('describe'), 'v1')

    await author.git('push', '--quiet', '--delete', 'origin', 'team/try')
    await author.git('push', '--quiet', '--delete', 'origin', 'v1')
    assert.equal(inServer('for-each-ref', '--format=%(refname)'), 'refs/heads/main\nrefs/heads/other')
    await assert.rejects(author.git('push', '--quiet', '--delete', 'origin', 'main'), /deletion of the current branch/)
  })

  it('moves all branches of an atomic push or none', async () => {
    const author = await started()
    const other = await clone()
    author.write('more', 'text\n')
    await author.commit('More')
    const push = author.git('push', '--quiet', '--atomic', 'origin', 'HEAD:main', 'HEAD:refs/heads/other')
    await push
    other.write('less', 'text\n')
    await other.commit('Less')

    await assert.rejects(
      other.git('push', '--quiet', '--atomic', '--force-with-lease=main', 'origin', 'HEAD:main', 'HEAD:refs/heads/new'),
    )

    assert.equal(inServer('for-each-ref', '--format=%(refname)'), 'refs/heads/main\nrefs/heads/other')
  })

  it('takes 2,000 files at once and gives them to a clone', async () => {
    const author = await started()
    for (let number = 0; number < 2000; number++) {
      author.write(`workloads/${number % 50}/web-${number}.yaml`, `kind: Deployment\nname: web-${number}\n`.repeat(20))
    }
    const large = randomBytes(3_000_000).toString('base64')
    author.write('large.txt', large)
    const sha = await author.commit('Add many')
    await author.git('push', '--quiet', 'origin', 'HEAD:main')

    const reader = await clone()

    assert.equal(await reader.git('rev-parse', 'HEAD'), sha)
    assert.equal((await reader.git('ls-files')).split('\n').length, 2003)
    assert.equal(await reader.git('status', '--porcelain'), '')
    assert.equal(inServer('fsck', '--full'), '')
  })

  it('says to the client why a push was refused, and moves nothing', async () => {
    const author = await started()
    refusal = 'main is protected'
    author.write('more', 'text\n')
    await author.commit('More')

    await assert.rejects(author.git('push', 'origin', 'HEAD:main'), (error: Error) => {
      assert.match(error.message, /remote: main is protected/)
      assert.match(error.message, /pre-receive hook declined/)
      return true
    })

    assert.equal(inServer('rev-list', '--count', 'main'), '1')
    assert.equal(pushes.length, 1)
  })

  it('opens a folder again as it was left', async () => {
    const author = await started()
    const root = author.folder
    const first = await startGitServer({ root: `${root}/served` })
    await author.git('push', '--quiet', await first.open('again'), 'HEAD:main')
    await first.stop()

    const second = await startGitServer({ root: `${root}/served` })
    const tree = await createWorkTree(await second.open('again'))
    trees.push(tree)

    assert.equal(await tree.git('log', '--format=%s'), 'Start the fleet')
    await second.stop()
  })
})
