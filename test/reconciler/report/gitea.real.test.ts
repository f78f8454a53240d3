import assert from 'node:assert/strict'
import type { ForgeDaemon } from '../../story/daemon.ts'
import type { ShownStatus } from '../../story/forge.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { configMap, yaml } from '../daemon/documents.ts'
import { eventually, isApplied } from '../daemon/harness.ts'
import { type GiteaFleet, needs, startGiteaFleet } from '../forge/gitea-fleet.ts'

const patience = 60_000

describeReal('statuses on a real Gitea, of a daemon that is a process', needs, function () {
  this.timeout(180_000)
  let fleet: GiteaFleet
  before(async () => {
    fleet = await startGiteaFleet()
  })
  after(() => fleet?.stop())

  function change(value: string): Promise<string> {
    fleet.people.write('objects.yaml', yaml(configMap(fleet.ns, 'one', { value }, { everywhere: true })))
    return fleet.push(`Say ${value}`)
  }

  /** Resolves once a commit shows the fleet, and each cluster unless it was overtaken, and none of its statuses waits. */
  async function settled(daemon: ForgeDaemon, commit: string): Promise<void> {
    let seen: readonly ShownStatus[] = []
    await eventually(
      async () => {
        seen = await fleet.forge.statuses(commit)
        const [all] = seen
        const isOvertaken = all?.description.startsWith('superseded by ') === true
        const wanted = isOvertaken ? ['flotilla'] : ['flotilla', 'flotilla/c1', 'flotilla/c2']
        const shown = new Set(seen.map(({ context }) => context))
        return wanted.every((context) => shown.has(context)) && seen.every(({ state }) => state === 'success')
      },
      `${commit} is settled`,
      { limit: patience, explain: () => `${JSON.stringify(seen, null, 1)}\n${daemon.explain()}` },
    )
  }

  /** Fails where a status was posted that stood there already. */
  async function nothingTwice(...commits: readonly string[]): Promise<void> {
    for (const commit of commits) {
      const last = new Map<string, string>()
      for (const { context, state, description } of await fleet.forge.history(commit)) {
        const text = `${state} ${description}`
        assert.notEqual(text, last.get(context), `${context} of ${commit} was posted twice`)
        last.set(context, text)
      }
    }
  }

  it('end settled for two commits that are pushed in quick succession', async () => {
    const begin = await change('nothing')
    const daemon = await fleet.start()
    await settled(daemon, begin)
    const first = await change('one')
    const second = await change('two')
    for (const commit of [second, first]) await settled(daemon, commit)
    await nothingTwice(begin, first, second)
    await daemon.process.kill()
  })

  it('are all there, none twice, after it was killed between applying and reporting', async () => {
    const first = await fleet.start()
    fleet.api.setNetwork('refused')
    const commit = await change('unreported')
    await eventually(
      async () => {
        const status = await first.status()
        return status.source.commit === commit && isApplied(status) && status.report !== undefined
      },
      'it is applied, and the report waits',
      { limit: patience, explain: first.explain },
    )
    await first.process.kill()
    assert.deepEqual(await fleet.forge.history(commit), [])

    fleet.api.setNetwork('open')
    const second = await fleet.start()
    await settled(second, commit)
    await nothingTwice(commit)
    await second.process.kill()
  })

  for (const written of [1, 2, 3])
    it(`are all there, none twice, after it was killed before it knew that status ${written} had arrived`, async () => {
      const first = await fleet.start()
      let arrived = 0
      const answered = new Promise<void>((resolve) => {
        const off = fleet.api.onWrite({
          async after() {
            if (++arrived < written) return
            off()
            // The forge has taken it; the daemon is killed before it hears of that.
            await first.process.kill()
            resolve()
          },
        })
      })
      const commit = await change(`killed after ${written}`)
      await answered
      assert.equal((await fleet.forge.history(commit)).length, written)

      const second = await fleet.start()
      await settled(second, commit)
      await nothingTwice(commit)
      await second.process.kill()
    })
})
