import assert from 'node:assert/strict'
import { failedAs } from '../../../reconciler/forge/error.ts'
import { withoutQuickActions } from '../../../reconciler/forge/gitlab/quick-actions.ts'
import type { Forge } from '../../../reconciler/forge/types.ts'
import { testClock } from '../../clocks.ts'
import { type FakeGitlab, startFakeGitlab } from './fakes/gitlab.ts'

describe('GitLab', () => {
  const clock = testClock(Date.parse('2026-01-01T00:00:00Z'))
  let fake: FakeGitlab
  let forge: Forge
  beforeEach(async () => {
    fake = await startFakeGitlab({ clock })
    forge = fake.open()
  })
  afterEach(async () => {
    await forge.close()
    await fake.close()
  })

  it('asks to come back soon while another update of the commit is in progress', async () => {
    const commit = fake.repository.commit('main')
    const status = { context: 'flotilla', state: 'success', description: 'synced' } as const
    fake.lock(1)
    await assert.rejects(forge.setStatus(commit, status), (error) => {
      return failedAs(error, 'limited') && error.failure.type === 'limited' && error.failure.retryAt > clock.now()
    })
    await forge.setStatus(commit, status)
  })

  it('never has two updates of a commit on the way', async () => {
    const commit = fake.repository.commit('main')
    const clusters = Array.from({ length: 20 }, (_, i) => `flotilla/${i}`)
    await Promise.all(
      clusters.map((context) => forge.setStatus(commit, { context, state: 'success', description: 'synced' })),
    )
    assert.ok(fake.server.requests.every(({ status }) => status < 300))
  })

  it('names the source branch for statuses and the ref of the head for checks', async () => {
    const commit = fake.repository.commit('main')
    await forge.setStatus(commit, { context: 'flotilla', state: 'success', description: '' })
    for (const fork of [false, true]) {
      const { number } = fake.repository.open({ fork })
      const { head } = await forge.pullRequest(number)
      const check = {
        context: 'flotilla/plan',
        state: 'success',
        description: '',
        summary: '',
        annotations: [],
      } as const
      await forge.setCheck(head.commit, check)
    }
    assert.deepEqual(
      fake.jobs.map(({ ref }) => ref),
      ['main', 'change-1', 'refs/merge-requests/2/head'],
    )
  })

  it('makes few jobs of many descriptions', async () => {
    const commit = fake.repository.commit('main')
    for (let i = 0; i < 10; i++)
      await forge.setStatus(commit, { context: 'flotilla', state: 'pending', description: `${i}/10 synced` })
    await forge.setStatus(commit, { context: 'flotilla', state: 'success', description: '10/10 synced' })
    assert.equal(fake.jobs.length, 5)
    assert.deepEqual(fake.jobs.map(({ status }) => status).at(-1), 'success')
  })

  it('comes back after the time that GitLab asks for', async () => {
    const commit = fake.repository.commit('main')
    for (let i = 0; i < 2000; i++) await forge.statuses(commit)
    await assert.rejects(forge.statuses(commit), (error) => {
      return (
        failedAs(error, 'limited') && error.failure.type === 'limited' && error.failure.retryAt === clock.now() + 60_000
      )
    })
  }).timeout(20_000)

  it('lets no content of others give a command through our note', async () => {
    const { number } = fake.repository.open({ fork: true })
    const marker = '<!-- plan -->'
    const text = 'field:\n/merge\n  /approve\r\n- /not/at/the/start\n/spec/replicas'
    await forge.comment(number, marker, text)
    const [note] = fake.repository.pull(number)?.comments ?? []
    assert.doesNotMatch(note?.body ?? '', /^\s*\/[a-z]/im)
    assert.equal(note?.body.replaceAll('\u200b', ''), `${marker}\n${text}`)
    await forge.comment(number, marker, text)
    assert.equal(fake.server.requests.filter(({ method }) => method !== 'GET').length, 1)
  })

  it('leaves a text without commands as it is', () => {
    const text = 'a/b\n- /x\n> /y\n// comment\n/ 2\n'
    assert.equal(withoutQuickActions(text), text)
  })
})
