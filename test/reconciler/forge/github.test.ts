import assert from 'node:assert/strict'
import { failedAs } from '../../../reconciler/forge/error.ts'
import type { Forge } from '../../../reconciler/forge/types.ts'
import { testClock } from '../../clocks.ts'
import { type FakeGithub, startFakeGithub } from './fakes/github.ts'
import { documentedLimits, type GithubLimits, noLimits } from './fakes/github-limits.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
const check = {
  context: 'flotilla/plan',
  state: 'failure',
  description: '2 problems',
  summary: 'summary',
  annotations: [],
} as const

describe('GitHub', () => {
  const clock = testClock(now)
  let fake: FakeGithub
  let forge: Forge

  const start = async (app: boolean, limits: GithubLimits) => {
    fake = await startFakeGithub({ clock, app, limits })
    forge = fake.open()
  }
  afterEach(async () => {
    await forge.close()
    await fake.close()
  })

  const post = (commit: string, context: string, description: string) =>
    forge.setStatus(commit, { context, state: 'pending', description })

  describe('limits', () => {
    it('says after a thousand statuses of a commit and context that no more are taken, of that pair alone', async () => {
      await start(false, noLimits)
      const commit = fake.repository.commit('main')
      for (let i = 0; i < 1000; i++) await post(commit, 'flotilla/eu-1', `${i}`)
      await assert.rejects(post(commit, 'flotilla/EU-1', 'one more'), (error) => failedAs(error, 'full'))
      await post(commit, 'flotilla/us-1', 'another context')
      await post(fake.repository.commit('main'), 'flotilla/eu-1', 'another commit')
    }).timeout(20_000)

    const limits: readonly (readonly [what: string, limits: GithubLimits, taken: number, wait: number])[] = [
      ['80 writes a minute', documentedLimits, 80, 60],
      ['900 points a minute', { ...noLimits, pointsPerMinute: 900 }, 180, 60],
      ['500 writes an hour', { ...noLimits, contentPerHour: 500 }, 500, 900],
    ]
    for (const [what, given, taken, wait] of limits)
      it(`comes back after the time that GitHub asks for past ${what}`, async () => {
        await start(false, given)
        const commit = fake.repository.commit('main')
        for (let i = 0; i < taken; i++) await post(commit, `flotilla/${i}`, 'synced')
        await assert.rejects(post(commit, 'flotilla/late', 'synced'), (error) => {
          assert.ok(failedAs(error, 'limited') && error.failure.type === 'limited')
          assert.equal(error.failure.retryAt, clock.now() + wait * 1000)
          return true
        })
      })

    it('lets plans wait before all is spent, and statuses and reverts not', async () => {
      await start(false, documentedLimits)
      const { commit, number } = fake.repository.open({})
      for (let i = 0; i < 40; i++) await forge.comment(number, '<!-- plan -->', `text ${i}`)
      for (let i = 0; i < 20; i++) await post(commit, `flotilla/${i}`, 'synced')
      const plans = [() => forge.comment(number, '<!-- plan -->', 'another'), () => forge.setCheck(commit, check)]
      for (const plan of plans)
        await assert.rejects(plan(), (error) => {
          assert.ok(failedAs(error, 'limited') && error.failure.type === 'limited')
          assert.equal(error.failure.retryAt, clock.now() + 60_000)
          return true
        })
      await post(commit, 'flotilla', 'synced')
      fake.repository.commit('flotilla/revert-1')
      await forge.openPullRequest({ title: 'Revert', body: '', head: 'flotilla/revert-1', base: 'main' })
      assert.equal(forge.otherWrites?.().length, 41)
      clock.pass(60_000)
      for (const plan of plans) await plan()
      clock.pass(3_600_000)
      assert.deepEqual(forge.otherWrites?.(), [])
    })

    it('comes back at the end of the hour past 5,000 requests', async () => {
      await start(false, { ...noLimits, perHour: 20 })
      const commit = fake.repository.commit('main')
      for (let i = 0; i < 20; i++) await forge.statuses(commit)
      const begin = clock.now()
      await assert.rejects(forge.statuses(commit), (error) => {
        assert.ok(failedAs(error, 'limited') && error.failure.type === 'limited')
        assert.equal(error.failure.retryAt, begin + 3_600_000)
        return true
      })
    })
  })

  describe('an App', () => {
    it('renews its token before the hour is over, once for many requests', async () => {
      await start(true, noLimits)
      const commit = fake.repository.commit('main')
      const many = () => Promise.all(Array.from({ length: 10 }, () => forge.statuses(commit)))
      await many()
      clock.pass(50 * 60_000)
      await many()
      assert.equal(fake.app.given(), 1)
      clock.pass(6 * 60_000)
      await many()
      assert.equal(fake.app.given(), 2)
    })

    it('takes a new token after one that GitHub no longer accepts', async () => {
      await start(true, noLimits)
      const commit = fake.repository.commit('main')
      await forge.statuses(commit)
      fake.app.revoke()
      await assert.rejects(forge.statuses(commit), (error) => failedAs(error, 'unauthorized'))
      assert.deepEqual(await forge.statuses(commit), [])
    })

    it('says that it is not installed on the repository', async () => {
      await start(true, noLimits)
      fake.app.uninstall()
      await assert.rejects(forge.pullRequests('main'), (error) => {
        return (
          failedAs(error, 'unauthorized') && /the GitHub App 4711 is not installed on acme\/fleet/.test(error.message)
        )
      })
    })

    it('shows the summary and every annotation in the check', async () => {
      await start(true, noLimits)
      const { commit } = fake.repository.open({})
      const annotations = Array.from({ length: 120 }, (_, i) => {
        return { path: 'a.yaml', line: i + 1, column: 2, severity: 'warning', text: `text ${i}` } as const
      })
      await forge.setCheck(commit, { ...check, annotations })
      const [run] = fake.checkRuns
      assert.equal(run?.summary, 'summary')
      assert.deepEqual(
        run?.annotations.map(({ message }) => message),
        annotations.map(({ text }) => text),
      )
      assert.deepEqual(run?.annotations[1], {
        path: 'a.yaml',
        start_line: 2,
        end_line: 2,
        start_column: 2,
        end_column: 2,
        annotation_level: 'warning',
        message: 'text 1',
      })
    })

    it('updates a check that runs and follows one that has ended with a new one', async () => {
      await start(true, noLimits)
      const { commit } = fake.repository.open({})
      await forge.setCheck(commit, { ...check, state: 'pending', description: 'planning' })
      await forge.setCheck(commit, { ...check, state: 'pending', description: 'still planning' })
      await forge.setCheck(commit, check)
      assert.equal(fake.checkRuns.length, 1)
      await forge.setCheck(commit, { ...check, state: 'success', description: 'fine' })
      assert.deepEqual(
        fake.checkRuns.map(({ conclusion }) => conclusion),
        ['failure', 'success'],
      )
    })

    it('does not write a check that stands there', async () => {
      await start(true, noLimits)
      const { commit } = fake.repository.open({})
      const annotations = [{ path: 'a.yaml', line: 1, column: 1, severity: 'error', text: 'wrong' }] as const
      await forge.setCheck(commit, { ...check, annotations })
      await forge.setCheck(commit, { ...check, annotations })
      assert.equal(
        fake.server.requests.filter(({ method, path }) => method !== 'GET' && path.includes('check')).length,
        1,
      )
      await forge.setCheck(commit, { ...check, annotations, summary: 'another summary' })
      assert.equal(fake.checkRuns.length, 2)
    })

    it('cuts a summary that is too long', async () => {
      await start(true, noLimits)
      const { commit } = fake.repository.open({})
      await forge.setCheck(commit, { ...check, summary: 'x'.repeat(70_000) })
      assert.equal(fake.checkRuns[0]?.summary.length, 65_535)
    })
  })
})
