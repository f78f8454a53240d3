import assert from 'node:assert/strict'
import { failedAs } from '../../../reconciler/forge/error.ts'
import type { CommitStatus, StatusState } from '../../../reconciler/forge/types.ts'
import type { ForgeWorld } from './world.ts'

const states: readonly StatusState[] = ['pending', 'success', 'failure', 'error']
const marker = '<!-- flotilla: plan -->'

/** What every forge promises, whichever it is. `start` is called once. */
export function promisesOfForges(start: () => Promise<ForgeWorld>): void {
  let world: ForgeWorld
  before(async () => {
    world = await start()
  })
  // What one test writes takes nothing from the next.
  beforeEach(() => world.renew?.())
  after(() => world?.stop())

  const statusOf = async (commit: string, context: string) =>
    (await world.forge.statuses(commit)).find((one) => one.context === context)

  /** GitLab has no word for an error. */
  const shown = (state: StatusState) => (state === 'error' && world.forge.kind === 'gitlab' ? 'failure' : state)

  describe('statuses', () => {
    for (const state of states)
      it(`shows ${state} as it was set`, async () => {
        const commit = await world.commit()
        const status: CommitStatus = {
          context: 'flotilla',
          state,
          description: `12/13 synced: ${state}`,
          targetUrl: 'https://flotilla.example/commits/1',
        }
        await world.forge.setStatus(commit, status)
        assert.deepEqual(await world.forge.statuses(commit), [{ ...status, state: shown(state) }])
      })

    it('shows the newest of each context, through every change of state', async () => {
      const commit = await world.commit()
      const walk: readonly StatusState[] = ['pending', 'success', 'failure', 'pending', 'error', 'pending', 'success']
      await world.forge.setStatus(commit, { context: 'flotilla', state: 'pending', description: 'other' })
      for (const [i, state] of walk.entries()) {
        const status = { context: 'flotilla/eu-1', state, description: `step ${i}` }
        await world.forge.setStatus(commit, status)
        assert.deepEqual(await statusOf(commit, 'flotilla/eu-1'), { ...status, state: shown(state) })
      }
      assert.equal((await statusOf(commit, 'flotilla'))?.state, 'pending')
    })

    it('tells what was posted since a time, oldest first', async () => {
      const commit = await world.commit()
      const before = Date.now()
      assert.deepEqual(await world.forge.statusesSince(commit, 0), [])
      for (const state of ['pending', 'success', 'failure'] as const)
        await world.forge.setStatus(commit, { context: 'flotilla', state, description: `is ${state}` })
      const posted = await world.forge.statusesSince(commit, before)
      const states = posted.map(({ context, state }) => [context, state])
      assert.deepEqual(states.at(0), ['flotilla', 'pending'])
      assert.deepEqual(states.at(-1), ['flotilla', 'failure'])
      assert.equal(posted.at(-1)?.description, 'is failure')
      for (const { at } of posted) assert.ok(at > before - 1000 && at < Date.now() + 1000, `${at}`)
      assert.deepEqual(await world.forge.statusesSince(commit, Date.now() + 60_000), [])
    })

    it('tells all that was posted since a time, more than fit on a page', async () => {
      const commit = await world.commit()
      for (let i = 0; i < 101; i++)
        await world.forge.setStatus(commit, { context: `flotilla/c${i}`, state: 'success', description: 'synced' })
      const contexts = (await world.forge.statusesSince(commit, 0)).map(({ context }) => context)
      assert.equal(new Set(contexts).size, 101)
    })

    it('shows another description of the same state', async () => {
      const commit = await world.commit()
      for (const description of ['3/13 synced', '7/13 synced', '12/13 synced']) {
        await world.forge.setStatus(commit, { context: 'flotilla', state: 'pending', description })
        assert.deepEqual(await statusOf(commit, 'flotilla'), { context: 'flotilla', state: 'pending', description })
      }
    })

    it('takes the same status twice without an error', async () => {
      const commit = await world.commit()
      const status = { context: 'flotilla', state: 'pending', description: 'rendering' } as const
      await world.forge.setStatus(commit, status)
      await world.forge.setStatus(commit, status)
      assert.deepEqual(await world.forge.statuses(commit), [status])
    })

    it('cuts a description that is too long on code points', async () => {
      const commit = await world.commit()
      await world.forge.setStatus(commit, { context: 'flotilla', state: 'failure', description: '😀'.repeat(300) })
      const { description = '' } = (await statusOf(commit, 'flotilla')) ?? {}
      assert.equal([...description].length, world.forge.limits.description)
      assert.match(description, /^(?:😀)+…$/u)
    })

    it('gives all contexts of a commit, however many pages they fill', async () => {
      const commit = await world.commit()
      const contexts = Array.from({ length: 130 }, (_, i) => `flotilla/cluster-${String(i).padStart(3, '0')}`)
      for (const context of contexts)
        await world.forge.setStatus(commit, { context, state: 'success', description: 'synced' })
      const found = (await world.forge.statuses(commit)).map(({ context }) => context)
      assert.deepEqual([...found].sort(), contexts)
    })

    it('has none for a commit that nobody spoke of', async () => {
      assert.deepEqual(await world.forge.statuses(await world.commit()), [])
    })

    it('leaves out a target that is too long for the forge rather than the status', async () => {
      const commit = await world.commit()
      const targetUrl = `https://flotilla.example/${'x'.repeat(400)}`
      await world.forge.setStatus(commit, { context: 'flotilla', state: 'success', description: 'synced', targetUrl })
      assert.equal((await statusOf(commit, 'flotilla'))?.state, 'success')
    })
  })

  describe('the check of a plan', () => {
    const check = (state: StatusState, description: string) => ({
      context: 'flotilla/plan',
      state,
      description,
      summary: '## Plan\n\n`web`: eu-1 3→5',
      annotations: [],
    })

    it('goes from pending to its verdict, and to another one after a new look', async () => {
      const { commit } = await world.open()
      const walk: readonly StatusState[] = ['pending', 'failure', 'pending', 'success', 'error', 'success']
      for (const [i, state] of walk.entries()) {
        await world.forge.setCheck(commit, check(state, `look ${i}`))
        assert.deepEqual(await statusOf(commit, 'flotilla/plan'), {
          context: 'flotilla/plan',
          state: shown(state),
          description: `look ${i}`,
        })
      }
    })

    it('is set on the head of a fork', async () => {
      const { number } = await world.open({ fork: true })
      const { commit } = (await world.forge.pullRequest(number)).head
      await world.forge.setCheck(commit, check('pending', 'waits for approval'))
      assert.equal((await statusOf(commit, 'flotilla/plan'))?.state, 'pending')
    })

    it('takes annotations, more than fit in one request', async () => {
      const { commit } = await world.open()
      const annotations = Array.from({ length: 120 }, (_, i) => ({
        path: `workloads/${i}.yaml`,
        line: i + 1,
        column: 3,
        severity: i % 2 === 0 ? ('error' as const) : ('warning' as const),
        text: `there is no cluster "eu-${i}"`,
      }))
      await world.forge.setCheck(commit, { ...check('failure', '120 problems'), annotations })
      assert.equal((await statusOf(commit, 'flotilla/plan'))?.state, 'failure')
    })
  })

  describe('pull requests', () => {
    it('tells head, base, author, labels and that it is open', async () => {
      const { number, commit, branch } = await world.open()
      await world.label(number, 'flotilla/allow-delete')
      const one = await world.forge.pullRequest(number)
      assert.deepEqual(
        { ...one, url: '', title: '', author: '' },
        {
          number,
          title: '',
          url: '',
          author: '',
          state: 'open',
          head: { commit, branch },
          base: { branch: 'main' },
          fork: false,
          labels: ['flotilla/allow-delete'],
          mergeCommit: undefined,
        },
      )
      assert.match(one.url, /^https?:\/\//)
      assert.notEqual(one.author, '')
    })

    it('knows one of a fork', async () => {
      const { number } = await world.open({ fork: true })
      assert.equal((await world.forge.pullRequest(number)).fork, true)
    })

    it('lists the open ones against one branch', async () => {
      await world.branch('release')
      const here = await world.open()
      const elsewhere = await world.open({ base: 'release' })
      const closed = await world.open()
      await world.close(closed.number)
      const numbers = (await world.forge.pullRequests('main')).map(({ number }) => number)
      assert.ok(numbers.includes(here.number))
      assert.ok(!numbers.includes(elsewhere.number))
      assert.ok(!numbers.includes(closed.number))
      assert.equal((await world.forge.pullRequest(closed.number)).state, 'closed')
    })

    it('names the ref under which Git finds the head, also of a fork', async () => {
      for (const fork of [false, true]) {
        const { number, commit } = await world.open({ fork })
        assert.equal(await world.refAt(world.forge.headRef(number)), commit)
      }
    })

    it('takes a label off, and does not mind when it is gone', async () => {
      const { number } = await world.open()
      await world.label(number, 'flotilla/approved')
      await world.label(number, 'keep')
      await world.forge.removeLabel(number, 'flotilla/approved')
      await world.forge.removeLabel(number, 'flotilla/approved')
      assert.deepEqual((await world.forge.pullRequest(number)).labels, ['keep'])
    })

    it('opens one for a branch, and gives the same again', async () => {
      await world.branch('flotilla/revert-1')
      const request = { title: 'Revert "Move web"', body: 'It failed.', head: 'flotilla/revert-1', base: 'main' }
      const first = await world.forge.openPullRequest(request)
      assert.equal(first.title, request.title)
      assert.equal(first.head.branch, 'flotilla/revert-1')
      const again = await world.forge.openPullRequest(request)
      assert.equal(again.number, first.number)
    })

    it('merges the head that was looked at, and says as what', async () => {
      await world.branch('flotilla/revert-2')
      const { number, head } = await world.forge.openPullRequest({
        title: 'Revert',
        body: '',
        head: 'flotilla/revert-2',
        base: 'main',
      })
      await patiently(() => world.forge.merge(number, head.commit))
      const merged = await world.forge.pullRequest(number)
      assert.equal(merged.state, 'merged')
      assert.match(merged.mergeCommit ?? '', /^[0-9a-f]{40}$/)
    })

    it('refuses to merge another head than the one that was looked at', async () => {
      await world.branch('flotilla/revert-3')
      const { number } = await world.forge.openPullRequest({
        title: 'Revert',
        body: '',
        head: 'flotilla/revert-3',
        base: 'main',
      })
      const merge = patiently(() => world.forge.merge(number, '1'.repeat(40)))
      await assert.rejects(merge, (error) => failedAs(error, 'refused'))
      assert.equal((await world.forge.pullRequest(number)).state, 'open')
    })
  })

  describe('the comment', () => {
    it('is one, and edited', async () => {
      const { number } = await world.open()
      await world.say(number, 'Looks good')
      for (const text of ['first plan', 'second plan', 'second plan', 'third plan'])
        await world.forge.comment(number, marker, text)
      assert.deepEqual(await world.comments(number), ['Looks good', `${marker}\nthird plan`])
    })

    it('never touches what somebody else wrote below the same marker', async () => {
      const { number } = await world.open()
      await world.say(number, `${marker}\nforged`)
      await world.forge.comment(number, marker, 'ours')
      await world.forge.comment(number, marker, 'ours, edited')
      assert.deepEqual(await world.comments(number), [`${marker}\nforged`, `${marker}\nours, edited`])
    })

    it('is amended where it is there, with what it says', async () => {
      const { number } = await world.open()
      const add = (text: string) => (text.includes('more') ? undefined : `${text}\n\nmore`)
      await world.forge.amendComment(number, marker, add)
      await world.say(number, `${marker}\nforged`)
      await world.forge.amendComment(number, marker, add)
      assert.deepEqual(await world.comments(number), [`${marker}\nforged`])
      await world.forge.comment(number, marker, 'a plan')
      for (let i = 0; i < 2; i++) await world.forge.amendComment(number, marker, add)
      assert.deepEqual(await world.comments(number), [`${marker}\nforged`, `${marker}\na plan\n\nmore`])
    })

    it('is found below many comments of others', async () => {
      const { number } = await world.open()
      await world.forge.comment(number, marker, 'first')
      for (let i = 0; i < 101; i++) await world.say(number, `remark ${i}`)
      await world.forge.comment(number, marker, 'second')
      const all = await world.comments(number)
      assert.equal(all.length, 102)
      assert.equal(all[0], `${marker}\nsecond`)
    })

    it('may be as long as the forge says', async () => {
      const { number } = await world.open()
      const text = 'é'.repeat(world.forge.limits.comment - marker.length - 1)
      await world.forge.comment(number, marker, text)
      assert.deepEqual(await world.comments(number), [`${marker}\n${text}`])
    })
  })

  describe('refusals', () => {
    it('says that a token is not accepted', async () => {
      const stranger = world.stranger()
      const commit = await world.commit()
      await assert.rejects(
        stranger.setStatus(commit, { context: 'flotilla', state: 'success', description: '' }),
        (error) => failedAs(error, 'unauthorized'),
      )
      await stranger.close()
    })

    it('says that a pull request is not there', async () => {
      await assert.rejects(world.forge.pullRequest(99_999), (error) => failedAs(error, 'missing'))
    })

    it('links to a commit by its whole id', async () => {
      const commit = await world.commit()
      assert.ok(world.forge.commitUrl(commit).endsWith(`/commit/${commit}`))
    })
  })
}

/** Again where the forge asks to come back a little later. */
async function patiently(work: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === 20 || !failedAs(error, 'limited')) throw error
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}
