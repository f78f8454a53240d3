import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type GitServer, startGitServer } from '../../../../deploy/sandbox/git/server.ts'
import { encodeCommit, encodeTree, objectOid } from '../../../../reconciler/git/object.ts'
import { writePack } from '../../../../reconciler/git/pack.ts'
import { flush, pktLine } from '../../../../reconciler/git/pkt-line.ts'
import { zeroOid } from '../../../../reconciler/git/receive-pack.ts'

describe("the sandbox's Git server and noise", () => {
  let server: GitServer
  let url: string
  let tip: string
  let pack: Buffer

  before(async () => {
    server = await startGitServer()
    url = await server.open('fleet')
    const tree = encodeTree([])
    const author = { name: 'A', email: 'a@example.com', time: 1_700_000_000 }
    const commit = encodeCommit({ tree: objectOid('tree', tree), parents: [], message: 'Start', author })
    tip = objectOid('commit', commit)
    pack = (
      await writePack([
        { type: 'commit', content: commit },
        { type: 'tree', content: tree },
      ])
    ).bytes
    const { text } = await post('git-receive-pack', push(zeroOid, tip))
    assert.match(text, /ok refs\/heads\/main/)
  })
  after(() => server.stop())

  const push = (from: string, to: string) =>
    Buffer.concat([pktLine(`${from} ${to} refs/heads/main\0report-status`), flush, pack])
  const fetchRequest = () =>
    Buffer.concat([
      pktLine(`want ${tip} multi_ack_detailed side-band-64k\n`),
      pktLine('deepen 2\n'),
      flush,
      pktLine(`have ${tip}\n`),
      pktLine('done\n'),
    ])
  const post = async (service: string, body: Buffer) => {
    const answer = await fetch(`${url}/${service}`, { method: 'POST', body: new Uint8Array(body) })
    return { status: answer.status, text: Buffer.from(await answer.arrayBuffer()).toString('latin1') }
  }

  /** A request of a client in which a few bytes were changed, added or lost on the way. */
  const spoiled = (whole: Buffer) =>
    fc
      .array(fc.record({ at: fc.nat(whole.length), drop: fc.nat(40), add: fc.uint8Array({ maxLength: 6 }) }), {
        minLength: 1,
        maxLength: 4,
      })
      .map((edits) =>
        edits.reduce(
          (bytes, { at, drop, add }) => Buffer.concat([bytes.subarray(0, at), add, bytes.subarray(at + drop)]),
          whole,
        ),
      )

  for (const [what, service] of [
    ['fetch', 'git-upload-pack'],
    ['push', 'git-receive-pack'],
  ] as const) {
    it(`answers a spoiled ${what} with what is wrong with it, keeps the branch and goes on serving`, async () => {
      const whole = what === 'fetch' ? fetchRequest() : push(zeroOid, tip)
      await fc.assert(
        fc.asyncProperty(fc.oneof(spoiled(whole), fc.uint8Array({ maxLength: 200 }).map(Buffer.from)), async (body) => {
          const { status, text } = await post(service, body)
          assert.ok(status === 200 || status === 400, `${status} ${text}`)
        }),
        { numRuns: 150 },
      )
      const refs = await (await fetch(`${url}/info/refs?service=git-upload-pack`)).text()
      assert.ok(refs.includes(`${tip} refs/heads/main`), refs)
      assert.equal((await post('git-upload-pack', fetchRequest())).status, 200)
    })
  }
})
