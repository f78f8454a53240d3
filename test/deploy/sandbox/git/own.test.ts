import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GitServer, startGitServer } from '../../../../deploy/sandbox/git/server.ts'
import { encodeCommit, encodeTree, folderMode, objectOid } from '../../../../reconciler/git/object.ts'
import { openRepository } from '../../../../reconciler/git/open.ts'
import { type PackObject, writePack } from '../../../../reconciler/git/pack.ts'
import { flush, pktLine } from '../../../../reconciler/git/pkt-line.ts'
import { zeroOid } from '../../../../reconciler/git/receive-pack.ts'
import type { GitAuth, NewFile, Repository } from '../../../../reconciler/git/types.ts'
import { blobOid } from '../../../../repo-layout/generated/oid.ts'

const branches = { source: 'main', generated: 'generated' } as const
const author = { name: 'Flotilla', email: 'flotilla@example.com' } as const

interface Made {
  readonly commit: string
  readonly objects: readonly PackObject[]
}

/** A commit that holds one file, with all of its objects. */
function commitOf(text: string, parents: readonly string[] = []): Made {
  const blob = Buffer.from(text)
  const folder = encodeTree([{ mode: '100644', name: 'web.yaml', oid: objectOid('blob', blob) }])
  const tree = encodeTree([{ mode: folderMode, name: 'workloads', oid: objectOid('tree', folder) }])
  const commit = encodeCommit({
    tree: objectOid('tree', tree),
    parents,
    message: text,
    author: { ...author, time: 1_700_000_000 },
  })
  const objects: readonly PackObject[] = [
    { type: 'commit', content: commit },
    { type: 'tree', content: tree },
    { type: 'tree', content: folder },
    { type: 'blob', content: blob },
  ]
  return { commit: objectOid('commit', commit), objects }
}

describe("the sandbox's Git server and our own repository code", () => {
  let server: GitServer
  let url: string
  let folder: string
  let opened: Repository[]

  beforeEach(async () => {
    opened = []
    folder = await mkdtemp(join(tmpdir(), 'flotilla-test-'))
    server = await startGitServer()
    url = await server.open('fleet')
  })
  afterEach(async () => {
    for (const repository of opened) await repository.close()
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const open = async (address = url, auth?: GitAuth) => {
    const dir = join(folder, `clone-${opened.length}`)
    const repository = await openRepository({ url: address, branches, dir, ...(auth ? { auth } : {}) })
    opened.push(repository)
    return repository
  }
  const post = async (service: string, body: Buffer, address = url) => {
    const answer = await fetch(`${address}/${service}`, { method: 'POST', body: new Uint8Array(body) })
    return { status: answer.status, text: await answer.text() }
  }
  const send = async (
    updates: readonly { ref: string; from?: string; to?: string }[],
    objects: readonly PackObject[],
    capabilities = 'report-status',
  ) => {
    const lines = updates.map(({ ref, from = zeroOid, to = zeroOid }, index) =>
      pktLine(`${from} ${to} ${ref}${index === 0 ? `\0${capabilities}` : ''}`),
    )
    const { bytes } = await writePack(objects)
    return post('git-receive-pack', Buffer.concat([...lines, flush, bytes]))
  }
  const seed = async (count: number): Promise<readonly string[]> => {
    const commits: string[] = []
    const objects: PackObject[] = []
    for (let number = 0; number < count; number++) {
      const made = commitOf(`replicas: ${number}\n`, commits.slice(-1))
      commits.push(made.commit)
      objects.push(...made.objects)
    }
    const { text } = await send([{ ref: 'refs/heads/main', to: commits.at(-1) ?? '' }], objects)
    assert.match(text, /ok refs\/heads\/main/)
    return commits
  }
  const files = (text: string): ReadonlyMap<string, NewFile> =>
    new Map([['clusters/eu-1/web.yaml', { text, oid: blobOid(text) }]])

  it('is cloned, listed and read, and fetched from again', async () => {
    const commits = await seed(1)
    const repository = await open()

    assert.deepEqual(await repository.fetch(), { source: commits[0], generated: undefined })
    const [entry] = await repository.list(commits[0] ?? '')
    assert.equal(entry?.path, 'workloads/web.yaml')
    assert.equal(Buffer.from(await repository.read(entry?.oid ?? '')).toString(), 'replicas: 0\n')

    const next = commitOf('replicas: 7\n', commits)
    await send([{ ref: 'refs/heads/main', from: commits[0] ?? '', to: next.commit }], next.objects)
    assert.equal((await repository.fetch()).source, next.commit)
    assert.equal((await repository.readCommit(next.commit)).message, 'replicas: 7')
  })

  it('gives history behind a shallow clone when ancestors are asked for', async () => {
    const commits = await seed(120)
    const repository = await open()
    await repository.fetch()
    const tip = commits.at(-1) ?? ''

    assert.equal(await repository.isAncestor(commits[0] ?? '', tip), true)
    assert.equal(await repository.isAncestor(tip, commits[0] ?? ''), false)
    assert.equal((await repository.log(tip, 200)).length, 120)
  })

  it('gives a commit that no branch is at any more', async () => {
    const [first = ''] = await seed(1)
    const again = commitOf('replicas: 9\n')
    await send([{ ref: 'refs/heads/main', from: first, to: again.commit }], again.objects)
    const repository = await open()
    await repository.fetch()

    assert.equal((await repository.readCommit(first)).oid, first)
  })

  it('takes generated commits, and tells the loser of a race', async () => {
    await seed(1)
    const [one, two] = [await open(), await open()]
    await one.fetch()
    await two.fetch()
    const change = (text: string) => ({ parent: undefined, files: files(text), message: 'Render', author })

    const won = await one.commitGenerated(change('a: 1\n'))
    const lost = await two.commitGenerated(change('a: 2\n'))

    assert.deepEqual(won.push, { type: 'pushed' })
    assert.deepEqual(lost.push, { type: 'lost', remote: won.commit })
    assert.equal((await two.fetch()).generated, won.commit)
    const [entry] = await two.list(won.commit)
    assert.equal(Buffer.from(await two.read(entry?.oid ?? '')).toString(), 'a: 1\n')
  })

  it('takes back a generated branch that was deleted', async () => {
    await seed(1)
    const repository = await open()
    await repository.fetch()
    const { commit } = await repository.commitGenerated({
      parent: undefined,
      files: files('a: 1\n'),
      message: 'Render',
      author,
    })
    await send([{ ref: 'refs/heads/generated', from: commit }], [])
    assert.equal((await repository.fetch()).generated, undefined)

    assert.deepEqual(await repository.restoreGenerated(commit), { type: 'pushed' })

    assert.equal((await repository.fetch()).generated, commit)
  })

  it('lets in who has the token or the password, and nobody else', async () => {
    const byToken = await startGitServer({ credential: { token: 'secret' } })
    const byPassword = await startGitServer({ credential: { username: 'robot', password: 'p@ss/word' } })
    const addresses = [await byToken.open('fleet'), await byPassword.open('fleet')] as const

    const none = { source: undefined, generated: undefined }
    assert.deepEqual(await (await open(addresses[0], { type: 'token', token: 'secret' })).fetch(), none)
    const basic = { type: 'basic', username: 'robot', password: 'p@ss/word' } as const
    assert.deepEqual(await (await open(addresses[1], basic)).fetch(), none)
    for (const [address, auth] of [
      [addresses[0], undefined],
      [addresses[0], { type: 'token', token: 'wrong' }],
      [addresses[1], { ...basic, username: 'other' }],
    ] as const) {
      await assert.rejects((await open(address, auth)).fetch(), { code: 'unauthorized' })
    }
    const bearer = { headers: { authorization: 'Bearer secret' } }
    assert.equal((await fetch(`${addresses[0]}/info/refs?service=git-upload-pack`, bearer)).status, 200)
    await byToken.stop()
    await byPassword.stop()
  })

  it('says that there is no such repository', async () => {
    await assert.rejects((await open(server.url('other'))).fetch(), { code: 'not-found' })
  })

  it('refuses a push whose objects are not all here, and keeps the branch', async () => {
    const [first = ''] = await seed(1)
    const { commit, objects } = commitOf('replicas: 3\n', [first])
    const upon = commitOf('replicas: 4\n', [commit])

    const withoutBlob = await send([{ ref: 'refs/heads/main', from: first, to: commit }], objects.slice(0, 3))
    const withoutParent = await send([{ ref: 'refs/heads/main', from: first, to: upon.commit }], upon.objects)

    assert.match(withoutBlob.text, /ng refs\/heads\/main missing necessary objects/)
    // The parent came with the push before, but what it holds did not.
    assert.match(withoutParent.text, /ng refs\/heads\/main missing necessary objects/)
    assert.equal((await (await open()).fetch()).source, first)
  })

  it('refuses a pack that did not arrive whole', async () => {
    const [first = ''] = await seed(1)
    const { commit, objects } = commitOf('replicas: 3\n', [first])
    const { bytes } = await writePack(objects)
    const command = pktLine(`${first} ${commit} refs/heads/main\0report-status`)

    const cut = await post('git-receive-pack', Buffer.concat([command, flush, bytes.subarray(0, -30)]))
    const none = await post('git-receive-pack', Buffer.concat([command, flush]))

    assert.match(cut.text, /unpack the pack did not arrive whole/)
    assert.match(none.text, /unpack expected a pack/)
    assert.equal((await (await open()).fetch()).source, first)
  })

  it('moves no ref of an atomic push of which one would fail, and the good ones of any other', async () => {
    const [first = ''] = await seed(1)
    const { commit, objects } = commitOf('replicas: 3\n', [first])
    const updates = [
      { ref: 'refs/heads/main', from: first, to: commit },
      { ref: 'refs/heads/other', from: first, to: commit },
    ]

    const atomic = await send(updates, objects, 'report-status atomic')
    assert.match(atomic.text, /ng refs\/heads\/main atomic push failed/)
    assert.equal((await (await open()).fetch()).source, first)

    const plain = await send(updates, objects)
    assert.match(plain.text, /ok refs\/heads\/main/)
    assert.match(plain.text, /ng refs\/heads\/other incorrect old value provided/)
  })

  it('refuses names of refs that would lead out of its folder', async () => {
    const [first = ''] = await seed(1)
    for (const ref of ['refs/heads/../../config', 'refs/heads/a..b', 'config', 'refs/heads/x.lock', 'refs/other/x']) {
      const { text } = await send([{ ref, to: first }], [])
      assert.ok(text.includes(`ng ${ref} funny refname`), text)
    }
  })

  it("says what is wrong with a request that is not Git's", async () => {
    await seed(1)
    for (const body of ['nonsense', '0009have0000', '0032want 12340000']) {
      const { status, text } = await post('git-upload-pack', Buffer.from(body))
      assert.equal(status, 400, text)
      assert.match(text, /expected/)
    }
    const unknown = `want ${'1'.repeat(40)}\n`
    const { text } = await post('git-upload-pack', Buffer.concat([pktLine(unknown), flush, pktLine('done\n')]))
    assert.match(text, /ERR upload-pack: not our ref 1{40}/)
    assert.equal((await fetch(`${url}/info/refs`)).status, 403)
    assert.equal((await fetch(`${url}/git-upload-pack`)).status, 405)
  })
})
