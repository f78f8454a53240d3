import assert from 'node:assert/strict'
import { type ForgeFlags, forgeSettings, searchForge } from '../../../reconciler/run/forge.ts'
import { hastyClock } from '../../clocks.ts'
import { startFakeGitea } from '../forge/fakes/gitea.ts'

const repo = 'https://user:pass@git.example/acme/fleet.git'
const read = (flags: Partial<ForgeFlags> & { repo?: string } = {}, env: NodeJS.ProcessEnv = {}) =>
  forgeSettings({ repo, branch: 'main', forge: 'auto', ...flags }, env)

describe('the settings of the forge', () => {
  it('are none for a repository on this disk and where they say none', async () => {
    assert.equal(await read({ repo: './fleet' }), undefined)
    assert.equal(await read({ forge: 'none' }), undefined)
  })

  it('hold no credential of the address', async () => {
    const settings = await read({}, { FLOTILLA_GIT_TOKEN: 'for-git' })
    assert.equal(settings?.repo.href, 'https://git.example/acme/fleet.git')
    assert.deepEqual([settings?.auth, settings?.gitToken], [undefined, 'for-git'])
  })

  it('take a token, or an App whose key may be in one line', async () => {
    const token = await read({}, { FLOTILLA_FORGE_TOKEN: 'abc' })
    assert.deepEqual(token?.auth, { type: 'token', token: 'abc' })
    const app = await read({}, { FLOTILLA_GITHUB_APP_ID: '7', FLOTILLA_GITHUB_APP_KEY: 'a\\nb' })
    assert.deepEqual(app?.auth, { type: 'app', key: { id: '7', pem: 'a\nb' } })
    assert.equal(app?.kind, 'github')
  })

  const app = { FLOTILLA_GITHUB_APP_ID: '7', FLOTILLA_GITHUB_APP_KEY: 'pem' }
  const wrong: readonly (readonly [Partial<ForgeFlags> & { repo?: string }, NodeJS.ProcessEnv, RegExp])[] = [
    [{ forge: 'gitea', repo: './fleet' }, {}, /not a path/],
    [{ forge: 'none', forgeUrl: 'https://x.example' }, {}, /contradict/],
    [{ forgeUrl: 'x.example' }, {}, /--forge-url: expected an address/],
    [{ forgeUrl: 'https://a:b@x.example' }, {}, /without a credential/],
    [{}, { FLOTILLA_GITHUB_APP_ID: '7' }, /needs both/],
    [{}, { ...app, FLOTILLA_FORGE_TOKEN: 'abc' }, /contradict/],
    [{ forge: 'gitlab' }, app, /contradict/],
    [{}, { FLOTILLA_FORGE_TOKEN_FILE: '/nowhere/token' }, /ENOENT/],
  ]
  for (const [flags, env, text] of wrong)
    it(`are refused: ${JSON.stringify(flags)} with ${Object.keys(env).join(', ') || 'no variables'}`, async () => {
      await assert.rejects(read(flags, env), text)
    })
})

describe('the search for the forge', () => {
  const logger = () => {
    const lines: string[] = []
    const line = (...words: readonly unknown[]) => void lines.push(String(words.at(-1)))
    return { lines, info: line, warn: line, error: line }
  }

  it('goes on until the forge is up, says its problem once, and finds it', async () => {
    const clock = hastyClock()
    const gitea = await startFakeGitea({ clock })
    gitea.server.weather('down')
    const settings = await read({ repo: `${gitea.place.web}/acme/fleet.git` }, { FLOTILLA_GIT_TOKEN: gitea.token })
    const log = logger()
    const search = searchForge(settings, clock, log)
    while (gitea.server.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    gitea.server.weather('up')
    assert.equal((await search.found)?.kind, 'gitea')
    assert.equal(log.lines.length, 2)
    assert.match(log.lines[0] ?? '', /cannot be used yet.*cannot be reached/)
    assert.ok(clock.waits.every((wait) => wait === 60_000))
    await search.close()
    await gitea.close()
  })

  it('ends where the settings cannot work', async () => {
    const log = logger()
    const search = searchForge(await read({ forge: 'gitea' }), hastyClock(), log)
    assert.equal(await search.found, undefined)
    assert.match(log.lines[0] ?? '', /set FLOTILLA_FORGE_TOKEN/)
    await search.close()
  })

  it('can be closed while it goes on', async () => {
    const clock = hastyClock()
    const gitea = await startFakeGitea({ clock })
    gitea.server.weather('down')
    const settings = await read({ repo: `${gitea.place.web}/acme/fleet.git` }, { FLOTILLA_GIT_TOKEN: gitea.token })
    const search = searchForge(settings, clock, logger())
    await search.close()
    assert.equal(await search.found, undefined)
    await gitea.close()
  })
})
