import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isWrite, lastAnswer, openRequestLog, type RequestLog } from './apply/request-log.ts'

const start = Date.parse('2026-01-01T00:00:00.000Z')

/** A line of an audit log, `at` milliseconds after the start. */
function line(at: number, verb: string, more: object = {}): string {
  const time = new Date(start + at).toISOString()
  const entry = {
    stage: 'ResponseComplete',
    verb,
    requestURI: '/api/v1/namespaces/bench-a-0/configmaps/app',
    user: { username: 'flux' },
    objectRef: { resource: 'configmaps', namespace: 'bench-a-0', name: 'app' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: time,
    stageTimestamp: time,
    ...more,
  }
  return `${JSON.stringify(entry)}\n`
}

describe('request log of the benchmark', () => {
  let folder: string
  let path: string
  let log: RequestLog
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-request-log-'))
    path = join(folder, 'audit.log')
    writeFileSync(path, '')
    log = openRequestLog([{ name: 'cluster1', auditLogPath: path }])
  })
  afterEach(() => {
    log.close()
    rmSync(folder, { recursive: true })
  })

  it('gives what one user was answered since a time, whole lines only, each once', () => {
    const half = line(30, 'patch')
    appendFileSync(path, line(10, 'get') + line(20, 'patch') + line(20, 'get', { user: { username: 'bare' } }))
    appendFileSync(path, half.slice(0, 40))
    assert.deepEqual(
      log.since(start + 15, 'flux').map(({ verb }) => verb),
      ['patch'],
    )
    appendFileSync(path, half.slice(40))
    assert.deepEqual(
      log.since(start, 'flux').map(({ verb }) => verb),
      ['get', 'patch', 'patch'],
    )
  })

  it('counts a watch when it begins and not when it ends', () => {
    appendFileSync(path, line(1, 'watch', { stage: 'ResponseStarted' }) + line(1, 'watch'))
    assert.equal(log.since(start, 'flux').length, 1)
  })

  it('takes for a write what changed an object of the benchmark', () => {
    const elsewhere = { objectRef: { resource: 'configmaps', namespace: 'flotilla-system', name: 'inventory' } }
    const namespace = { objectRef: { resource: 'namespaces', namespace: 'bench-a-0', name: 'bench-a-0' } }
    appendFileSync(
      path,
      line(1, 'patch') +
        line(2, 'patch', { requestURI: '/api/v1/namespaces/bench-a-0/configmaps/app?dryRun=All' }) +
        line(3, 'patch', { responseStatus: { code: 409 } }) +
        line(4, 'patch', elsewhere) +
        line(5, 'create', namespace) +
        line(6, 'get'),
    )
    const writes = log.since(start, 'flux').filter(isWrite)
    assert.deepEqual(
      writes.map(({ object }) => object),
      ['bench-a-0/configmaps/app'],
    )
    assert.equal(lastAnswer(writes), start + 1)
  })

  it('waits for what is written while it waits, and gives up with what it has', async () => {
    const waiting = log.until(start, 'flux', (found) => found.length === 1)
    appendFileSync(path, line(1, 'patch'))
    assert.equal((await waiting).length, 1)
    await assert.rejects(
      log.until(start, 'flux', (found) => found.length === 2, 1),
      /flux: not done after 0.001 s and 1 requests/,
    )
  })
})
