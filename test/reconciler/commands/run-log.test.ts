import assert from 'node:assert/strict'
import pino from 'pino'
import { logChanges } from '../../../reconciler/commands/run-log.ts'
import type { FleetStatus } from '../../../reconciler/server/types.ts'
import { clusterOf, everyState, fleetOf, now } from '../views/fleet.ts'

describe('the log of a fleet', () => {
  let lines: { level: number; msg: string; cluster?: string; sync?: string; reason?: string; errors?: number }[] = []
  let status: FleetStatus
  let changed = () => {}
  const tell = (next: FleetStatus) => {
    status = next
    lines = []
    changed()
    return lines
  }
  before(() => {
    const log = pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(JSON.parse(line)) })
    const onChange = (listener: () => void) => {
      changed = listener
      return () => {}
    }
    logChanges({ status: () => status, onChange }, log, { now: () => now, after: () => ({ cancel() {} }) })
  })

  const eu = clusterOf('eu-1', '')
  const progressing = clusterOf('eu-1', '', { sync: 'progressing', ...everyState.progressing })
  const degraded = clusterOf('eu-1', '', { sync: 'degraded', ...everyState.degraded })

  it('says nothing of a cluster on its way, tells that it arrived once, and again for a new commit', () => {
    assert.deepEqual(tell(fleetOf([progressing])), [])
    assert.deepEqual(
      tell(fleetOf([eu])).map(({ msg, level }) => [msg, level]),
      [['a member cluster has arrived', 30]],
    )
    assert.deepEqual(tell(fleetOf([{ ...eu, seenAt: undefined }])), [])
    assert.deepEqual(tell(fleetOf([progressing])), [])
    assert.equal(tell(fleetOf([{ ...eu, appliedCommit: 'f00' }])).length, 1)
  })

  it('warns of a cluster that needs a look, with the reason', () => {
    const [line] = tell(fleetOf([degraded]))
    assert.deepEqual(
      [line?.level, line?.msg, line?.cluster, line?.sync],
      [40, 'a member cluster needs a look', 'eu-1', 'degraded'],
    )
    assert.match(line?.reason ?? '', /ProgressDeadlineExceeded/)
    assert.deepEqual(tell(fleetOf([degraded])), [])
  })

  it('warns once of errors in the source and of what the generated branch needs', () => {
    const error = { path: 'a.yaml', line: 3, column: 1, severity: 'error', code: 'duplicate', text: 'x' } as const
    const messages = [error, error]
    const generated = { ...fleetOf([]).generated, problem: 'the push was rejected' }
    const said = tell(fleetOf([degraded], { messages, generated }))
    assert.deepEqual(
      said.map(({ msg }) => msg),
      ['the source has errors', 'the generated branch needs a look'],
    )
    assert.equal(said[0]?.errors, 2)
    assert.deepEqual(tell(fleetOf([degraded], { messages, generated })), [])
  })
})
