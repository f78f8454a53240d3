import assert from 'node:assert/strict'
import { loadavg } from 'node:os'
import { describeReal } from '../../testbed/binaries.ts'
import { useSandbox } from '../../testbed/shared.ts'
import { configMap, yaml } from '../daemon/documents.ts'
import { eventually } from '../daemon/harness.ts'
import { type GiteaFleet, startGiteaFleet } from '../forge/gitea-fleet.ts'

/** What is promised, in milliseconds. */
const promised = 1000
const pushes = 5

/** A push as the clocks of those who have to do with it tell it, in milliseconds since the epoch. */
interface Seen {
  /** `git push` has ended: the forge has taken it. */
  readonly taken: number
  /** The webhook has arrived, as the daemon's log says. */
  readonly notified: number
  /** The daemon has read the branch, as its API says. */
  readonly read: number
}

describeReal('a push to a real Gitea with a webhook', ['gitea', 'git'], function () {
  this.timeout(120_000)
  let fleet: GiteaFleet
  before(async () => {
    useSandbox(true)
    fleet = await startGiteaFleet()
  })
  after(async () => {
    await fleet?.stop()
    useSandbox(false)
  })

  it('is seen by the daemon in under a second', async () => {
    const change = (value: string) => {
      fleet.people.write('objects.yaml', yaml(configMap(fleet.ns, 'one', { value }, { everywhere: true })))
      return fleet.push(`Say ${value}`)
    }
    await change('nothing')
    const daemon = await fleet.start()
    const seen: Seen[] = []
    for (let i = 0; i < pushes; i++) {
      await eventually(async () => (await daemon.status()).sync === 'synced', 'it is synced', {
        explain: daemon.explain,
      })
      const before = daemon.log().length
      const commit = await change(String(i))
      const taken = Date.now()
      const { source } = await eventually(
        async () => {
          const status = await daemon.status()
          return status.source.commit === commit && status
        },
        'the push is seen',
        { explain: daemon.explain },
      )
      const line = daemon
        .log()
        .slice(before)
        .find(({ msg }) => msg === 'a push was notified')
      assert.ok(line, daemon.explain())
      seen.push({ taken, notified: Date.parse(line.time), read: Date.parse(source.fetchedAt ?? '') })
    }
    const told = JSON.stringify({ seen, load: loadavg() })
    // Half of them: what else runs on this machine may hold up one.
    const middle = (of: (one: Seen) => number) => seen.map(of).sort((a, b) => a - b)[(pushes - 1) / 2] ?? Number.NaN
    assert.ok(middle(({ read, taken }) => read - taken) < promised, told)
    assert.ok(middle(({ read, notified }) => read - notified) < promised, told)
  })
})
