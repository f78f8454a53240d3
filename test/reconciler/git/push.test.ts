import assert from 'node:assert/strict'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NewFile } from '../../../reconciler/git/types.ts'
import { blobOid } from '../../../repo-layout/generated/oid.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { createWorkTree } from '../../testbed/work-tree.ts'
import { type Fleet, filesOf, generate, startFleet } from './fleet.ts'

const path = 'clusters/a/shop/Service/web.yaml'

describeReal('a push to the generated branch', ['git'], () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await startFleet()
  })
  afterEach(async () => {
    assert.equal(fleet.git('fsck', '--full', '--strict', '--no-dangling'), '')
    await fleet.stop()
  })

  it('sends only what the parent lacks', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    const files = new Map<string, NewFile>()
    for (let number = 0; number < 2000; number++) {
      const text = `kind: ConfigMap\nmetadata:\n  name: config-${number}\ndata:\n  number: "${number}"\n`
      files.set(`clusters/cluster-${number % 20}/ns-${number % 7}/ConfigMap/config-${number}.yaml`, {
        text,
        oid: blobOid(text),
      })
    }

    const first = await generate(repository, undefined, files)
    const objectsBefore = countObjects(fleet)
    const changed = new Map<string, NewFile>([...files].map(([name, file]) => [name, { oid: file.oid }]))
    changed.set('clusters/cluster-0/ns-0/ConfigMap/config-0.yaml', { text: 'x: 1\n', oid: blobOid('x: 1\n') })
    const second = await generate(repository, first.commit, changed)

    assert.deepEqual([first.push, second.push], [{ type: 'pushed' }, { type: 'pushed' }])
    // A commit, a blob, and the trees from the root down to its folder.
    assert.equal(countObjects(fleet) - objectsBefore, 7)
    assert.equal(fleet.git('rev-parse', 'flotilla'), second.commit)
    assert.equal(fleet.git('ls-tree', '-r', '--name-only', 'flotilla').split('\n').length, 2000)
    assert.equal((await repository.list(second.commit)).length, 2000)
    assert.equal((await repository.readCommit(second.commit)).tree, repository.treeOf(changed))
  })

  it('is nothing where the tree stays the same', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    const files = filesOf({ [path]: 'a: 1\n' })
    const { commit } = await generate(repository, undefined, files)
    const before = fleet.server.requests().length

    const again = await generate(repository, commit, files)

    assert.deepEqual(again, { commit, push: { type: 'pushed' } })
    assert.equal(fleet.server.requests().length, before)
  })

  it('that loses a race overwrites nothing, and wins when made anew', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    const { commit } = await generate(repository, undefined, filesOf({ [path]: 'a: 1\n' }))
    const other = await fleet.open()
    await other.fetch()
    let theirs = ''
    fleet.server.beforeNextReceive(async () => {
      theirs = (await generate(other, commit, filesOf({ [path]: 'a: theirs\n' }))).commit
    })

    const { push } = await generate(repository, commit, filesOf({ [path]: 'a: ours\n' }))

    assert.deepEqual(push, { type: 'lost', remote: theirs })
    assert.equal(fleet.git('rev-parse', 'flotilla'), theirs)
    const { generated } = await repository.fetch()
    assert.equal(generated, theirs)
    const retried = await generate(repository, generated, filesOf({ [path]: 'a: ours\n' }))
    assert.deepEqual(retried.push, { type: 'pushed' })
    assert.equal(fleet.git('log', '--format=%H', 'flotilla'), [retried.commit, theirs, commit].join('\n'))
  })

  it('loses against a branch that came to be meanwhile', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    await fleet.people.git('push', '--quiet', 'origin', 'main:flotilla')

    const { push } = await generate(repository, undefined, filesOf({ [path]: 'a: 1\n' }))

    assert.deepEqual(push, { type: 'lost', remote: fleet.first })
  })

  it('that a hook refuses carries its words', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    fleet.server.rejectPushes('no deployments on a Friday')

    const { push } = await generate(repository, undefined, filesOf({ [path]: 'a: 1\n' }))

    assert.equal(push.type, 'rejected')
    assert.match(push.type === 'rejected' ? push.reason : '', /no deployments on a Friday/)
    fleet.server.rejectPushes(undefined)
    assert.deepEqual((await generate(repository, undefined, filesOf({ [path]: 'a: 1\n' }))).push, { type: 'pushed' })
  })

  it('to a server that dies in the middle can be repeated', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    const files = filesOf({ [path]: 'a: 1\n' })
    fleet.server.beforeNextReceive(() => fleet.server.setDown(true))

    await assert.rejects(generate(repository, undefined, files), { code: 'unreachable' })
    fleet.server.setDown(false)
    const { generated } = await repository.fetch()
    assert.equal(generated, undefined)
    const { commit } = await generate(repository, generated, files)

    assert.equal(fleet.git('for-each-ref', '--format=%(objectname)', 'refs/heads/flotilla'), commit)
  })

  it('whose answer is lost is found on the branch', async () => {
    const proxy = await startForgetfulProxy(fleet.url)
    const repository = await fleet.open({ url: proxy.url })
    await repository.fetch()

    const { commit, push } = await generate(repository, undefined, filesOf({ [path]: 'a: 1\n' }))

    assert.equal(proxy.forgotten(), 1)
    assert.deepEqual(push, { type: 'pushed' })
    assert.equal(fleet.git('rev-parse', 'flotilla'), commit)
    await repository.close()
    proxy.stop()
  })

  it('goes on top of a commit made by hand', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    await generate(repository, undefined, filesOf({ [path]: 'a: 1\n' }))
    const person = await createWorkTree(fleet.url)
    await person.git('checkout', '--quiet', 'flotilla')
    person.write(path, 'a: hotfix\n')
    const byHand = await person.commit('Hotfix')
    await person.push()

    const { generated } = await repository.fetch()
    assert.equal(generated, byHand)
    const { commit, push } = await generate(repository, byHand, filesOf({ [path]: 'a: 1\n' }))

    assert.deepEqual(push, { type: 'pushed' })
    assert.equal(fleet.git('rev-parse', `${commit}^`), byHand)
    person.dispose()
  })

  it('refuses content that is not what its id says', async () => {
    const repository = await fleet.open()
    await repository.fetch()
    const files = new Map([[path, { text: 'a: 1\n', oid: blobOid('a: 2\n') }]])

    await assert.rejects(generate(repository, undefined, files), { code: 'corrupt' })
  })
})

function countObjects(fleet: Fleet): number {
  return fleet.git('cat-file', '--batch-all-objects', '--batch-check').split('\n').length
}

/** Passes everything on, but cuts the connection instead of giving the answer to a push. */
async function startForgetfulProxy(target: string) {
  let forgotten = 0
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url = '' } = incoming
    const upstream = request(new URL(url, target), { method, headers }, (answer) => {
      if (!url.endsWith('/git-receive-pack')) {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
        return
      }
      forgotten++
      answer.resume().on('end', () => outgoing.destroy())
    })
    incoming.pipe(upstream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${new URL(target).pathname}`,
    forgotten: () => forgotten,
    stop: () => server.close(),
  }
}
