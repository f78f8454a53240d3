import assert from 'node:assert/strict'
import { systemClock } from '../../../reconciler/clock.ts'
import { failedAs } from '../../../reconciler/forge/error.ts'
import { type ForgeSettings, openForge } from '../../../reconciler/forge/open.ts'
import { startFakeGitea } from './fakes/gitea.ts'
import { startFakeGithub } from './fakes/github.ts'
import { fakeApp } from './fakes/github-app.ts'
import { startFakeGitlab } from './fakes/gitlab.ts'
import { startFakeServer } from './fakes/server.ts'
import type { FakeForge } from './fakes/types.ts'

const clock = systemClock
const nothing = { branch: 'main', kind: undefined, url: undefined, auth: undefined, gitToken: undefined } as const

describe('finding the forge', () => {
  const open: FakeForge[] = []
  afterEach(async () => {
    for (const fake of open.splice(0)) await fake.close()
  })
  async function started<T extends FakeForge>(starting: Promise<T>): Promise<T> {
    const fake = await starting
    open.push(fake)
    return fake
  }
  const repoOf = ({ place }: FakeForge) => new URL(`${place.web}/${place.repository}.git`)

  /** What is found answers as the repository of the fake. */
  async function assertFinds(fake: FakeForge, more: Partial<ForgeSettings> = {}): Promise<void> {
    const forge = await openForge({ ...nothing, repo: repoOf(fake), gitToken: fake.token, ...more }, clock)
    assert.equal(forge?.kind, fake.place.kind)
    const commit = fake.repository.commit('main')
    await forge?.setStatus(commit, { context: 'flotilla', state: 'success', description: 'synced' })
    assert.equal(fake.posted.at(-1)?.commit, commit)
    await forge?.close()
  }

  it('finds a Gitea below a path by asking it, and uses the token of the Git server', async () => {
    await assertFinds(await started(startFakeGitea({ clock })))
  })

  it('finds a GitLab below a path by asking it', async () => {
    await assertFinds(await started(startFakeGitlab({ clock })))
  })

  it('takes the kind and the address that were given', async () => {
    const gitea = await started(startFakeGitea({ clock }))
    await assertFinds(gitea, { kind: 'gitea' })
    await assertFinds(gitea, { kind: 'gitea', url: new URL(`${gitea.place.web}/`) })
    const gitlab = await started(startFakeGitlab({ clock }))
    await assertFinds(gitlab, { kind: 'gitlab' })
    await assertFinds(gitlab, { url: new URL(gitlab.place.api) })
    await assertFinds(await started(startFakeGithub({ clock })), { kind: 'github' })
  })

  it('is a GitHub App where it has the key of one', async () => {
    const github = await started(startFakeGithub({ clock, app: true }))
    const auth = { type: 'app', key: { id: String(fakeApp.id), pem: fakeApp.pem } } as const
    await assertFinds(github, { kind: 'github', auth, gitToken: undefined })
    assert.equal(github.app.given(), 1)
  })

  it('prefers the token of the forge to that of the Git server', async () => {
    const gitea = await started(startFakeGitea({ clock }))
    await assertFinds(gitea, { auth: { type: 'token', token: gitea.token }, gitToken: 'for Git alone' })
  })

  it('finds none without a credential, and asks nothing', async () => {
    const gitea = await started(startFakeGitea({ clock }))
    assert.equal(await openForge({ ...nothing, repo: repoOf(gitea) }, clock), undefined)
    assert.equal(gitea.server.requests.length, 0)
  })

  it('never sends the token of the Git server to another host', async () => {
    const gitea = await started(startFakeGitea({ clock }))
    const other = await started(startFakeGitea({ clock }))
    const settings = { ...nothing, repo: repoOf(gitea), gitToken: gitea.token, url: new URL(other.place.web) }
    await assert.rejects(
      openForge(settings, clock),
      /set FLOTILLA_FORGE_TOKEN; that of the Git server goes to no other/,
    )
    assert.equal(other.server.requests.length, 0)
  })

  it('finds none where a plain Git server is, and says so where one was asked for', async () => {
    const plain = await startFakeServer('', clock, () => ({ status: 404 }))
    const settings = { ...nothing, repo: new URL(`${plain.url}/acme/fleet.git`), gitToken: 'secret' }
    assert.equal(await openForge(settings, clock), undefined)
    await assert.rejects(
      openForge({ ...settings, url: new URL(plain.url) }, clock),
      /there is no forge that is known at/,
    )
    await plain.close()
  })

  it('says that it cannot tell while the forge is down', async () => {
    const gitea = await started(startFakeGitea({ clock }))
    const settings = { ...nothing, repo: repoOf(gitea), gitToken: gitea.token }
    for (const weather of ['down', 'failing'] as const) {
      gitea.server.weather(weather)
      await assert.rejects(openForge(settings, clock), (error) => failedAs(error, 'unreachable'))
    }
  })

  it('says that the token is not accepted', async () => {
    const gitlab = await started(startFakeGitlab({ clock }))
    const settings = { ...nothing, repo: repoOf(gitlab), gitToken: 'another' }
    await assert.rejects(openForge(settings, clock), (error) => failedAs(error, 'unauthorized'))
  })

  it('says that a key is none', async () => {
    const repo = new URL('https://github.com/acme/fleet')
    const auth = { type: 'app', key: { id: '1', pem: 'nonsense' } } as const
    await assert.rejects(openForge({ ...nothing, repo, auth }, clock), /FLOTILLA_GITHUB_APP_KEY is no private key/)
  })
})
