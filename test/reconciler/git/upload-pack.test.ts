import assert from 'node:assert/strict'
import { GitError } from '../../../reconciler/git/error.ts'
import { writePack } from '../../../reconciler/git/pack.ts'
import { flush, pktLine } from '../../../reconciler/git/pkt-line.ts'
import { createUploadPack } from '../../../reconciler/git/upload-pack.ts'

const oid = 'a'.repeat(40)
const main = 'refs/heads/main'
const second = lines('# service=git-upload-pack\n', 'version 2\n', 'ls-refs=unborn\n', 'fetch=shallow\n')
const first = lines('# service=git-upload-pack\n', `${oid} HEAD\0multi_ack`, `${oid} ${main}\n`)
const wish = { wants: [oid], haves: [], shallows: [] }

describe('reading by version 2 of the protocol', () => {
  it('asks what the server can once, and then one question at a time', async () => {
    const server = fakeServer(second, [lines(`${oid} ${main}\n`), lines(`${oid} ${main}\n`)])
    const uploadPack = createUploadPack(server)

    for (let time = 0; time < 2; time++) assert.deepEqual(await uploadPack.listRefs([main]), new Map([[main, oid]]))
    assert.equal(server.advertised(), 1)
  })

  it('takes only the refs that were asked for, whatever begins like them', async () => {
    const server = fakeServer(second, [lines(`${oid} ${main}-2\n`, `${oid} ${main} symref-target:x\n`)])
    assert.deepEqual(await createUploadPack(server).listRefs([main, 'refs/heads/b']), new Map([[main, oid]]))
  })

  it('is left to the Git library where the server speaks another version, or cannot be understood', async () => {
    assert.equal(await createUploadPack(fakeServer(first, [])).listRefs([main]), undefined)
    assert.equal(await createUploadPack(fakeServer(second, [lines('ERR busy')])).listRefs([main]), undefined)
    assert.equal(await createUploadPack(fakeServer(second, [lines('ERR busy')])).fetchPack(wish), undefined)
  })

  it('takes a list of branches that broke off for no list: what it lacks is not gone', async () => {
    const whole = lines(`${oid} refs/heads/generated\n`, `${oid} ${main}\n`)
    for (let end = 0; end < whole.length; end++) {
      const cut = createUploadPack(fakeServer(second, [whole.subarray(0, end)]))
      await assert.rejects(cut.listRefs([main, 'refs/heads/generated']), { code: 'server', message: /broke off/ })
    }
  })

  it('asks anew what the server can after something else than a Git server answered', async () => {
    const page = Buffer.from('<html>Sign in</html>')
    const server = fakeServer(page, [])
    const uploadPack = createUploadPack(server)
    for (let time = 0; time < 2; time++) assert.equal(await uploadPack.listRefs([main]), undefined)
    assert.equal(server.advertised(), 2)
  })

  it('gives a pack only where all of it came', async () => {
    const { bytes } = await writePack([{ type: 'blob', content: Buffer.from('x') }])
    const answer = (pack: Buffer) => lines('packfile\n', band(2, 'words'), band(1, pack))
    const whole = createUploadPack(fakeServer(second, [answer(bytes)]))
    assert.deepEqual(await whole.fetchPack(wish), bytes)
    for (const end of [0, 10, bytes.length - 1]) {
      const cut = createUploadPack(fakeServer(second, [answer(bytes.subarray(0, end))]))
      assert.equal(await cut.fetchPack(wish), undefined, `cut after ${end} bytes`)
    }
  })

  it('says why the server broke a fetch off', async () => {
    const broken = createUploadPack(fakeServer(second, [lines('packfile\n', band(3, 'out of\nmemory'))]))
    await assert.rejects(broken.fetchPack(wish), { code: 'server', message: /out of \/ memory/ })
  })

  it('asks anew what the server can after a question failed', async () => {
    const failure = new GitError('server', 'answered 500')
    const server = fakeServer(second, [failure, lines(`${oid} ${main}\n`)])
    const uploadPack = createUploadPack(server)

    await assert.rejects(uploadPack.listRefs([main]), { code: 'server' })
    assert.deepEqual(await uploadPack.listRefs([main]), new Map([[main, oid]]))
    assert.equal(server.advertised(), 2)
  })
})

function lines(...contents: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat([...contents.map((content) => pktLine(content)), flush])
}

function band(number: number, content: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from([number]), Buffer.from(content)])
}

function fakeServer(advertisement: Buffer, answers: readonly (Buffer | Error)[]) {
  const left = [...answers]
  let asked = 0
  return {
    advertised: () => asked,
    async advertisement() {
      asked++
      return advertisement
    },
    async read() {
      const answer = left.shift()
      if (answer instanceof Error) throw answer
      return answer ?? assert.fail('one question too many')
    },
  }
}
