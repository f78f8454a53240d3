import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeMembers } from '../../testbed/members.ts'
import { startChild } from '../daemon/child.ts'
import { configMap, yaml } from '../daemon/documents.ts'
import { eventually, needs, type TestFleet, withFleet } from '../daemon/harness.ts'

const clusters = ['c1', 'c2']
const notes = { forge: Promise.resolve(undefined), notes: true }

/** The note on a commit, as plain Git shows it. */
function note(fleet: TestFleet, commit: string): string {
  return fleet.git('log', '-1', '--notes=flotilla', '--format=%N', commit).trim()
}

function noted(fleet: TestFleet): boolean {
  return fleet.git('for-each-ref', 'refs/notes') !== ''
}

function change(fleet: TestFleet, value: string): Promise<string> {
  fleet.people.write('objects.yaml', yaml(configMap(fleet.ns, 'one', { value }, { clusters })))
  return fleet.push(`Say ${value}`)
}

const arrived =
  /^success {2}flotilla {5}2\/2 synced\nsuccess {2}flotilla\/c1 {2}synced, \d+\/\d+ applied\nsuccess {2}flotilla\/c2 {2}synced, \d+\/\d+ applied$/

describeMembers('notes of a running daemon', needs, () => {
  it('say of each commit what became of it, also of those that were overtaken', () =>
    withFleet({ clusters }, async (fleet) => {
      const daemon = await fleet.start({ report: notes })
      const first = await change(fleet, 'one')
      await daemon.synced()
      await daemon.reported()
      assert.match(note(fleet, first), arrived)

      const second = await change(fleet, 'two')
      void daemon.sync()
      const third = await change(fleet, 'three')
      await daemon.synced()
      await eventually(() => arrived.test(note(fleet, third)), 'the note on the last commit')
      const settled = new RegExp(`^success  flotilla .*superseded by ${third.slice(0, 7)}|${arrived.source}`)
      await eventually(() => settled.test(note(fleet, second)), 'the note on the one before', {
        explain: () => note(fleet, second),
      })
    }))

  it('are complete after the daemon was killed between applying and reporting', () =>
    withFleet({ clusters }, async (fleet) => {
      const commit = await change(fleet, 'one')
      const hook = join(fleet.server.dir('fleet'), 'hooks', 'update')
      writeFileSync(hook, '#!/bin/sh\ncase $1 in refs/notes/*) echo not now >&2; exit 1;; esac\n', { mode: 0o755 })
      const first = startChild(fleet, { more: ['--forge', 'none'] })
      await first.applied()
      const waiting = await first.until(({ report }) => report !== undefined, 'it says that reports wait')
      assert.match(waiting.report?.problem ?? '', /the push of refs\/notes\/flotilla was rejected: .*not now/)
      await first.process.kill()
      assert.equal(fleet.git('for-each-ref', 'refs/notes'), '')

      rmSync(hook)
      const second = startChild(fleet, { more: ['--forge', 'none'] })
      await eventually(() => noted(fleet) && arrived.test(note(fleet, commit)), 'the note')
      assert.equal((await second.until(() => true, 'a status')).report, undefined)
      await second.process.kill()
    }))

  it('are not written unasked where a forge was only not found', () =>
    withFleet({ clusters }, async (fleet) => {
      await change(fleet, 'one')
      const daemon = startChild(fleet, { more: ['--once'] })
      await daemon.process.ended
      assert.match(daemon.process.logTail(), /there is no forge to report to; with --notes, reports are Git notes/)
      assert.notEqual(fleet.generatedTip(), undefined)
      assert.equal(noted(fleet), false)
    }))
})
