import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseRemote } from '../../../reconciler/git/remote.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { gitEnvironment } from '../../testbed/work-tree.ts'
import { type Fleet, filesOf, generate, gitIn, startFleet, temporaryFolder } from './fleet.ts'

describeReal('a fleet repository on a remote', ['git'], () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await startFleet()
  })
  afterEach(() => fleet.stop())

  it('is cloned, listed and read', async () => {
    const repository = await fleet.open()

    const refs = await repository.fetch()

    assert.deepEqual(refs, { source: fleet.first, generated: undefined })
    const entries = await repository.list(fleet.first)
    assert.deepEqual(
      entries.map(({ path, mode }) => [path, mode]),
      [
        ['flotilla.yaml', '100644'],
        ['workloads/web.yaml', '100644'],
      ],
    )
    assert.equal(Buffer.from(await repository.read(entries[1]?.oid ?? '')).toString(), 'kind: Deployment\n')
    const commit = await repository.readCommit(fleet.first)
    assert.equal(commit.message, 'Start the fleet')
    assert.equal(commit.author.email, 'test@flotilla.example')
  })

  it('asks only for refs when nothing is new', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    const before = fleet.server.requests().length

    await repository.fetch()

    assert.equal(fleet.server.requests().length - before, 1)
  })

  it('fetches new commits of the source', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    fleet.people.write('workloads/db.yaml', 'kind: StatefulSet\n')
    const second = await fleet.people.commit('Add a database')
    await fleet.people.push()

    const before = fleet.server.requests().length

    assert.equal((await repository.fetch()).source, second)
    assert.equal(fleet.server.requests().length - before, 2, 'one request for the refs and one for what is new')
    assert.equal((await repository.list(second)).length, 3)
    assert.deepEqual(
      (await repository.log(second, 5)).map(({ oid }) => oid),
      [second, fleet.first],
    )
  })

  it('is read from a server that speaks only the first version of the protocol', async () => {
    const old = await startFleet({ firstProtocol: true })
    const repository = await old.open()
    await repository.fetch()
    old.people.write('workloads/db.yaml', 'kind: StatefulSet\n')
    const second = await old.people.commit('Add a database')
    await old.people.push()

    assert.deepEqual(await repository.fetch(), { source: second, generated: undefined })
    assert.equal((await repository.list(second)).length, 3)
    assert.equal(await repository.isAncestor(old.first, second), true)
    await old.stop()
  })

  it('keeps a shallow clone whole over many fetches', async () => {
    for (let number = 0; number < 3; number++) await fleet.people.commit(`Older ${number}`)
    await fleet.people.push()
    const dir = temporaryFolder()
    const repository = await fleet.open({ dir })
    await repository.fetch()
    for (let number = 0; number < 3; number++) {
      fleet.people.write(`workloads/${number}.yaml`, `kind: Service # ${number}\n`)
      await fleet.people.commit(`Newer ${number}`)
      await fleet.people.push()
      await repository.fetch()
    }

    const gitdir = join(dir, readFileSync(join(dir, 'current'), 'utf8').trim())
    assert.equal(gitIn(gitdir, 'fsck', '--full', '--strict'), '')
    assert.equal(gitIn(gitdir, 'rev-list', '--count', 'refs/remotes/origin/main'), '4')
    rmSync(dir, { recursive: true, force: true })
  })

  it('takes a force-pushed source and knows that it is no successor', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    fleet.people.write('flotilla.yaml', 'kind: Fleet # again\n')
    await fleet.people.git('add', '--all')
    await fleet.people.git('commit', '--quiet', '--amend', '--message', 'Start again')
    await fleet.people.push({ force: true })

    const { source } = await repository.fetch()

    assert.ok(source)
    assert.notEqual(source, fleet.first)
    assert.equal(await repository.isAncestor(fleet.first, source), false)
    assert.equal(await repository.isAncestor(source, source), true)
  })

  it('reads history that a shallow clone lacks before it says what is an ancestor', async () => {
    const older = Array.from({ length: 70 }, (_, number) => commitLines(number)).join('')
    execFileSync('git', ['fast-import', '--quiet'], { cwd: fleet.dir, env: gitEnvironment(), input: older })
    const newest = fleet.git('rev-parse', 'main')
    const repository = await fleet.open()
    const { source } = await repository.fetch()
    assert.equal(source, newest)

    assert.equal(await repository.isAncestor(fleet.first, source ?? ''), true)
    assert.equal(await repository.isAncestor(source ?? '', fleet.first), false)
    assert.equal(await repository.isAncestor('1'.repeat(40), source ?? ''), false)
    assert.equal((await repository.log(source ?? '', 100)).length, 71)
    await assert.rejects(repository.isAncestor(fleet.first, '1'.repeat(40)), { code: 'not-found' })
  })

  it('says that it cannot be reached, and goes on when it is back', async () => {
    const repository = await fleet.open()
    await repository.fetch()

    fleet.server.setDown(true)
    await assert.rejects(repository.fetch(), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'unreachable')
      assert.ok(error.message.includes(fleet.url), error.message)
      return true
    })

    fleet.server.setDown(false)
    assert.equal((await repository.fetch()).source, fleet.first)
  })

  it('sees that the generated branch was deleted, and can push it back', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    const { commit } = await generate(repository, undefined, filesOf({ 'clusters/a/x/Service/web.yaml': 'a: 1\n' }))
    fleet.git('update-ref', '-d', 'refs/heads/flotilla')

    assert.equal((await repository.fetch()).generated, undefined)

    assert.equal(await repository.lastGenerated(), commit)
    assert.equal((await repository.list(commit)).length, 1)
    assert.deepEqual(await repository.restoreGenerated(commit), { type: 'pushed' })
    assert.equal((await repository.fetch()).generated, commit)
    assert.deepEqual(await repository.restoreGenerated(commit), { type: 'pushed' })
  })

  it('is cloned anew when packs pile up, and keeps the commit generated last', async () => {
    const warnings: string[] = []
    const dir = temporaryFolder()
    const repository = await fleet.open({ dir, compactAfter: { packs: 4 }, warn: (message) => warnings.push(message) })
    await repository.fetch()
    const files = filesOf({ 'clusters/a/x/Service/web.yaml': 'a: 1\n', 'clusters/b/x/Service/web.yaml': 'b: 1\n' })
    const first = await generate(repository, undefined, files)
    const { commit } = await generate(repository, first.commit, filesOf({ 'clusters/a/x/Service/web.yaml': 'a: 2\n' }))
    fleet.git('update-ref', '-d', 'refs/heads/flotilla')

    const sources: string[] = []
    for (let number = 0; number < 4; number++) {
      fleet.people.write('flotilla.yaml', `kind: Fleet # ${number}\n`)
      sources.push(await fleet.people.commit(`Change ${number}`))
      await fleet.people.push()
      await repository.fetch()
    }

    assert.deepEqual(warnings, [])
    const name = readFileSync(join(dir, 'current'), 'utf8').trim()
    assert.notEqual(name, '1.git')
    assert.equal(gitIn(join(dir, name), 'fsck', '--full', '--strict'), '')
    assert.equal(await repository.lastGenerated(), commit)
    const [entry] = await repository.list(commit)
    assert.equal(Buffer.from(await repository.read(entry?.oid ?? '')).toString(), 'a: 2\n')
    assert.equal(await repository.isAncestor(fleet.first, sources.at(-1) ?? ''), true)

    const restarted = await fleet.open({ dir })
    assert.equal(await restarted.lastGenerated(), commit)
    assert.equal((await restarted.list(commit)).length, 1)
    rmSync(dir, { recursive: true, force: true })
  })

  it('starts over from an empty folder when its clone is broken or gone', async () => {
    const dir = temporaryFolder()
    await (await fleet.open({ dir })).fetch()
    const packs = join(dir, '1.git/objects/pack')
    for (const name of readdirSync(packs).filter((name) => name.endsWith('.idx'))) {
      rmSync(join(packs, name))
      writeFileSync(join(packs, name), 'cut off')
    }

    const repository = await fleet.open({ dir })
    const { source } = await repository.fetch()

    assert.equal((await repository.list(source ?? '')).length, 2)
    rmSync(dir, { recursive: true, force: true })
  })
})

describeReal('a credential for a remote', ['git'], () => {
  for (const [title, server, auth] of [
    [
      'a name and password',
      { username: 'bot', password: 's3cret' },
      { type: 'basic', username: 'bot', password: 's3cret' },
    ],
    ['a token', { token: 't0ken' }, { type: 'token', token: 't0ken' }],
  ] as const) {
    it(`may be ${title}`, async () => {
      const fleet = await startFleet({ auth: server })
      const repository = await fleet.open({ auth })

      assert.equal((await repository.fetch()).source, fleet.first)
      const { push } = await generate(repository, undefined, filesOf({ 'decisions/x.yaml': 'x: 1\n' }))

      assert.deepEqual(push, { type: 'pushed' })
      await fleet.stop()
    })
  }

  it('that is wrong is said without showing it', async () => {
    const fleet = await startFleet({ auth: { token: 't0ken' } })
    const url = fleet.url.replace('://', '://someone:wr0ng@')
    for (const options of [{ auth: { type: 'token', token: 'wr0ng' } as const }, { url }, {}]) {
      const repository = await fleet.open(options)
      await assert.rejects(repository.fetch(), (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, 'unauthorized')
        assert.ok(error.message.includes(fleet.url))
        assert.doesNotMatch(error.message, /wr0ng|someone/)
        assert.ok(error.hint)
        return true
      })
    }
    await fleet.stop()
  })

  it('in an address is taken out of it', () => {
    const remote = parseRemote('https://bot:a%40b@git.example.com/fleet.git/', { type: 'none' })

    assert.equal(remote.url, 'https://git.example.com/fleet.git')
    assert.equal(remote.authorization, `Basic ${Buffer.from('bot:a@b').toString('base64')}`)
    assert.throws(
      () => parseRemote('ssh://bot:pw@h/x', { type: 'none' }),
      (error: Error) => !/pw/.test(error.message),
    )
  })
})

function commitLines(number: number): string {
  const from = number === 0 ? 'from refs/heads/main^0\n' : ''
  return `commit refs/heads/main\ncommitter Test <test@example.com> ${1_700_000_000 + number} +0000\ndata 1\nx\n${from}\n`
}
