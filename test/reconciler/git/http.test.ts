import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHttp } from '../../../reconciler/git/http.ts'
import { pktLine } from '../../../reconciler/git/pkt-line.ts'
import { parseReport, sendPack } from '../../../reconciler/git/receive-pack.ts'

const ref = 'refs/heads/flotilla'

describe('an answer that is no success', () => {
  const cases: readonly (readonly [title: string, code: string, listener: RequestListener])[] = [
    ['401', 'unauthorized', (_, response) => response.writeHead(401).end('bad token\nreally')],
    ['a sign-in page (203)', 'unauthorized', (_, response) => response.writeHead(203).end('<html>')],
    ['403', 'forbidden', (_, response) => response.writeHead(403).end('read only')],
    ['404', 'not-found', (_, response) => response.writeHead(404).end()],
    ['503', 'server', (_, response) => response.writeHead(503).end('busy')],
    ['a redirect', 'config', (_, response) => response.writeHead(301, { location: 'https://other.example/x' }).end()],
    ['a cut connection', 'unreachable', (request) => request.socket.destroy()],
    ['silence', 'timeout', () => undefined],
    ['an answer that breaks off', 'server', (_, response) => response.end(pktLine('unpack ok\n'))],
    ['a web page', 'server', (_, response) => response.end('<html>welcome</html>')],
  ]
  for (const [title, code, listener] of cases) {
    it(`is ${code} for ${title}`, async () => {
      const server = createServer(listener)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fleet.git`
      const http = createHttp({ url, authorization: 'Basic c2VjcmV0' }, { timeoutMs: title === 'silence' ? 100 : 5000 })

      const push = sendPack(http, url, { ref, from: undefined, to: 'a'.repeat(40), pack: Buffer.from('PACK') })

      await assert.rejects(push, (error: Error & { code?: string }) => {
        assert.equal(error.code, code, error.message)
        assert.ok(error.message.includes(url), error.message)
        assert.doesNotMatch(error.message, /\n|c2VjcmV0/)
        return true
      })
      await http.close()
      server.closeAllConnections()
      server.close()
    })
  }
})

describe('what a server says to a push', () => {
  const band = (number: number, content: string | Buffer) =>
    pktLine(Buffer.concat([Buffer.from([number]), Buffer.from(content)]))
  const lines = (...texts: readonly string[]) => Buffer.concat(texts.map((text) => pktLine(text)))

  it('is read with and without side bands', () => {
    const report = lines('unpack ok\n', `ok ${ref}\n`)

    assert.deepEqual(parseReport(report, ref, 'r'), { type: 'ok' })
    assert.deepEqual(parseReport(band(1, report), ref, 'r'), { type: 'ok' })
    const halves = Buffer.concat([band(1, report.subarray(0, 9)), band(2, 'hello\n'), band(1, report.subarray(9))])
    assert.deepEqual(parseReport(halves, ref, 'r'), { type: 'ok' })
  })

  it('is refused in its own words', () => {
    const report = lines('unpack ok\n', `ng ${ref} protected branch hook declined\n`)
    const answer = Buffer.concat([band(2, 'GH006: Protected\n'), band(2, 'branch\r\n'), band(1, report)])

    assert.deepEqual(parseReport(answer, ref, 'r'), {
      type: 'refused',
      reason: 'protected branch hook declined: GH006: Protected / branch',
    })
    assert.deepEqual(parseReport(lines('unpack disk full\n', `ng ${ref} unpacker error\n`), ref, 'r'), {
      type: 'refused',
      reason: 'the server could not store it: disk full',
    })
  })

  it('is an error where it broke off', () => {
    assert.throws(() => parseReport(band(3, 'out of memory'), ref, 'r'), { code: 'server', message: /out of memory/ })
    assert.throws(() => parseReport(lines('unpack ok\n'), ref, 'r'), { code: 'server' })
  })
})
