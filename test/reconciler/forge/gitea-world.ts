import assert from 'node:assert/strict'
import { systemClock } from '../../../reconciler/clock.ts'
import { createGitea } from '../../../reconciler/forge/gitea/forge.ts'
import { getIn, type Json } from '../../../repo-layout/json.ts'
import { startGitea } from '../../testbed/gitea.ts'
import { createWorkTree } from '../../testbed/work-tree.ts'
import type { ForgeWorld } from './world.ts'

/** A world that also knows the way of Gitea to open a pull request without a fork and without the right to push. */
export interface GiteaWorld extends ForgeWorld {
  /** Somebody who may only read pushes a pull request into the repository. */
  pushForReview(): Promise<{ readonly number: number; readonly commit: string }>
}

/** A real Gitea in which the organisation `acme` owns `fleet`, `flotilla` may write it, and `eve` has a fork. */
export async function startGiteaWorld(): Promise<GiteaWorld> {
  const gitea = await startGitea()
  const root = '/repos/acme/fleet'

  async function must(method: string, path: string, body?: Json, as?: string): Promise<unknown> {
    const answer = await (as === undefined ? gitea.api(method, path, body) : asUser(as, method, path, body))
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  async function asUser(name: string, method: string, path: string, body?: Json) {
    const response = await fetch(`${gitea.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as Json) }
  }

  const password = 'correct-horse-battery'
  for (const username of ['flotilla', 'eve'])
    await must('POST', '/admin/users', {
      username,
      email: `${username}@acme.example`,
      password,
      must_change_password: false,
    })
  await must('POST', '/orgs', { username: 'acme' })
  await must('POST', '/orgs/acme/repos', { name: 'fleet', default_branch: 'main', auto_init: true })
  await must('PUT', `${root}/collaborators/flotilla`, { permission: 'write' })
  await must('POST', `${root}/forks`, {}, 'eve')
  const scopes = ['write:repository', 'write:issue', 'read:user']
  const token = await must('POST', '/users/flotilla/tokens', { name: 'daemon', scopes }, 'flotilla')

  const credential = `${gitea.user}:${gitea.token}@`
  const tree = await createWorkTree(gitea.url.replace('//', `//${credential}`).concat('/acme/fleet.git'))
  await tree.git('remote', 'add', 'eve', gitea.url.replace('//', `//eve:${password}@`).concat('/eve/fleet.git'))
  await tree.git('fetch', 'origin')
  await tree.git('reset', '--hard', 'origin/main')
  let made = 0

  const commitOn = async (branch: string, remote = 'origin') => {
    made += 1
    await tree.git('fetch', 'origin')
    await tree.git('checkout', '-B', 'work', `origin/${branch === 'main' ? branch : 'main'}`)
    tree.write(`file-${made}.yaml`, `n: ${made}\n`)
    const commit = await tree.commit(`Change ${made}`)
    await tree.git('push', remote, `work:refs/heads/${branch}`)
    return commit
  }

  const place = { kind: 'gitea', api: `${gitea.url}/api/v1`, web: gitea.url, repository: 'acme/fleet' } as const
  const openAs = (secret: string) => createGitea(place, secret, { clock: systemClock })
  const forge = openAs(String(getIn(token as Json, ['sha1'])))

  return {
    forge,
    us: 'flotilla',
    commit: () => commitOn('main'),
    async open({ fork = false, base = 'main' } = {}) {
      const branch = `change-${made + 1}`
      const commit = await commitOn(branch, fork ? 'eve' : 'origin')
      const body = { title: `Change ${made}`, body: '', head: fork ? `eve:${branch}` : branch, base }
      const pull = (await must('POST', `${root}/pulls`, body, fork ? 'eve' : undefined)) as Json
      return { number: Number(getIn(pull, ['number'])), commit, branch }
    },
    branch: (name) => commitOn(name),
    async pushForReview() {
      const commit = await commitOn('for-review', 'eve')
      const url = gitea.url.replace('//', `//eve:${password}@`).concat('/acme/fleet.git')
      await tree.git('push', url, 'work:refs/for/main', '-o', 'topic=review', '-o', 'title=Review')
      const all = (await must('GET', `${root}/pulls?state=open&sort=newest`)) as Json[]
      return { number: Number(getIn(all[0] ?? {}, ['number'])), commit }
    },
    async label(number, label) {
      const all = (await must('GET', `${root}/labels?limit=50`)) as Json[]
      const known = all.find((one) => getIn(one, ['name']) === label)
      const { id } = (known ?? (await must('POST', `${root}/labels`, { name: label, color: '#00aabb' }))) as {
        id: number
      }
      await must('POST', `${root}/issues/${number}/labels`, { labels: [id] })
    },
    close: async (number) => void (await must('PATCH', `${root}/pulls/${number}`, { state: 'closed' })),
    say: async (number, body) => void (await must('POST', `${root}/issues/${number}/comments`, { body }, 'eve')),
    async comments(number) {
      const all = (await must('GET', `${root}/issues/${number}/comments`)) as Json[]
      return all.map((one) => String(getIn(one, ['body'])))
    },
    async refAt(ref) {
      const line = await tree.git('ls-remote', 'origin', ref)
      return line.split('\t')[0] ?? ''
    },
    stranger: () => openAs('0'.repeat(40)),
    async stop() {
      await forge.close()
      tree.dispose()
      await gitea.stop()
    },
  }
}
