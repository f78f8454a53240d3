import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { openRepository } from '../../../reconciler/git/open.ts'
import type { GitAuth } from '../../../reconciler/git/types.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { type GitServerOptions, startGitServer } from '../../testbed/git-server.ts'
import { createWorkTree } from '../../testbed/work-tree.ts'
import { branches, filesOf, generate, temporaryFolder } from './fleet.ts'

const pem = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8')
const tls = { cert: pem('localhost.crt'), key: pem('localhost.key') }

describeReal('a fleet repository over https', ['git'], () => {
  for (const [title, server, auth] of [
    ['a token', { token: 't0ken' }, { type: 'token', token: 't0ken' }],
    [
      'a name and password',
      { username: 'bot', password: 's3cret' },
      { type: 'basic', username: 'bot', password: 's3cret' },
    ],
  ] as const)
    it(`is read and pushed to with ${title}, where its authority is given`, () =>
      withRepository(server, async (url, first) => {
        const dir = temporaryFolder()
        const repository = await openRepository({ url, branches, dir, auth, ca: tls.cert })

        assert.equal((await repository.fetch()).source, first)
        const { commit, push } = await generate(repository, undefined, filesOf({ 'decisions/x.yaml': 'x: 1\n' }))
        assert.deepEqual(push, { type: 'pushed' })
        assert.deepEqual(await repository.fetch(), { source: first, generated: commit })
        await repository.close()
        rmSync(dir, { recursive: true })
      }))

  it('is not spoken to where its certificate is not trusted, and no credential is sent', () =>
    withRepository({ token: 't0ken' }, async (url, _, requests) => {
      const dir = temporaryFolder()
      const auth: GitAuth = { type: 'token', token: 't0ken' }
      const repository = await openRepository({ url, branches, dir, auth })

      await assert.rejects(repository.fetch(), (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, 'unreachable')
        assert.match(error.message, /certificate that is not trusted/)
        assert.match(error.hint ?? '', /authority/)
        return true
      })
      assert.equal(requests(), 0)
      await repository.close()
      rmSync(dir, { recursive: true })
    }))
})

/** A repository with one commit behind https and a credential; the commit came by the disk. */
async function withRepository(
  auth: NonNullable<GitServerOptions['auth']>,
  test: (url: string, first: string, requests: () => number) => Promise<void>,
): Promise<void> {
  const server = await startGitServer({ auth, tls })
  const url = server.createRepo('fleet')
  const people = await createWorkTree(server.dir('fleet'))
  people.write('flotilla.yaml', 'kind: Fleet\n')
  const first = await people.commit('Start the fleet')
  await people.push()
  try {
    await test(url, first, () => server.requests().length)
  } finally {
    people.dispose()
    await server.stop()
  }
}
