import { randomBytes } from 'node:crypto'
import { getIn, type Json } from '../../repo-layout/json.ts'
import { type Gitea, type GiteaOptions, startGitea } from '../testbed/gitea.ts'

/** The status of a commit as the forge shows it. */
export interface ShownStatus {
  readonly context: string
  readonly state: string
  readonly description: string
}

/** A real Gitea with the public repository `acme/fleet`, which the person `jo` and the account `flotilla` may write. */
export interface TeamForge {
  readonly url: string
  /** The clone URL, without a credential. */
  readonly repo: string
  /** The page of the repository. */
  readonly page: string
  /** The access token of the account `flotilla`, with the least scopes that it needs. */
  readonly token: string
  /** A token of the administrator. */
  readonly adminToken: string
  /** Root of the repository's API below `/api/v1`. */
  readonly root: string
  /** The page's address with somebody's credential in it, for Git. */
  withCredential(name: TeamMember): string
  /** Asks the API as somebody; fails unless it was done. `robot` is the administrator. */
  ask(as: TeamMember | 'robot', method: string, path: string, body?: Json): Promise<Json>
  /** The same, for what may be refused: the status of the answer too. */
  tryAs(as: TeamMember, method: string, path: string, body?: Json): Promise<{ status: number; body: Json }>
  /** The newest status of each context of a commit, by context. */
  statuses(commit: string): Promise<readonly ShownStatus[]>
  /** Every status that was ever posted on a commit, oldest first. */
  history(commit: string): Promise<readonly ShownStatus[]>
  /** Has the forge tell this address of pushes and pull requests, signed with a secret. */
  hook(url: string, secret: string): Promise<void>
  stop(): Promise<void>
}

export type TeamMember = 'jo' | 'flotilla'

/** Starts it, with an empty repository. */
export async function startTeamForge(options: GiteaOptions = {}): Promise<TeamForge> {
  const gitea = await startGitea(options)
  try {
    return await equip(gitea)
  } catch (error) {
    await gitea.stop()
    throw error
  }
}

async function equip(gitea: Gitea): Promise<TeamForge> {
  const passwords = { jo: randomBytes(12).toString('hex'), flotilla: randomBytes(12).toString('hex') }
  const root = '/repos/acme/fleet'

  const tryAs: TeamForge['tryAs'] = async (name, method, path, body) => {
    const response = await fetch(`${gitea.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${name}:${passwords[name]}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as Json) }
  }
  const ask: TeamForge['ask'] = async (name, method, path, body) => {
    const answer = await (name === 'robot' ? gitea.api(method, path, body) : tryAs(name, method, path, body))
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  for (const [username, password] of Object.entries(passwords))
    await ask('robot', 'POST', '/admin/users', {
      username,
      email: `${username}@acme.example`,
      password,
      must_change_password: false,
    })
  await ask('robot', 'POST', '/orgs', { username: 'acme' })
  await ask('robot', 'POST', '/orgs/acme/repos', { name: 'fleet', default_branch: 'main' })
  for (const name of Object.keys(passwords))
    await ask('robot', 'PUT', `${root}/collaborators/${name}`, { permission: 'write' })
  const scopes = ['write:repository', 'write:issue', 'read:user']
  const made = await ask('flotilla', 'POST', '/users/flotilla/tokens', { name: 'daemon', scopes })
  const page = `${gitea.url}/acme/fleet`

  return {
    url: gitea.url,
    repo: `${page}.git`,
    page,
    token: String(getIn(made, ['sha1'])),
    adminToken: gitea.token,
    root,
    withCredential: (name) => gitea.url.replace('//', `//${name}:${passwords[name]}@`),
    ask,
    tryAs,
    async statuses(commit) {
      const combined = await ask('jo', 'GET', `${root}/commits/${commit}/status?limit=50`)
      const all = (getIn(combined, ['statuses']) ?? []) as Json[]
      return all.map(shown).sort((a, b) => (a.context < b.context ? -1 : 1))
    },
    async history(commit) {
      const all = (await ask('jo', 'GET', `${root}/commits/${commit}/statuses?limit=50&sort=oldest`)) as Json[]
      if (all.length === 50) throw new Error('there may be more on another page')
      return all.map(shown)
    },
    async hook(url, secret) {
      const events = ['push', 'pull_request', 'pull_request_sync', 'pull_request_label', 'pull_request_comment']
      const config = { url, content_type: 'json', secret }
      await ask('robot', 'POST', `${root}/hooks`, { type: 'gitea', active: true, events, config })
    },
    stop: gitea.stop,
  }
}

function shown(one: Json): ShownStatus {
  const text = (key: string) => String(getIn(one, [key]) ?? '')
  return { context: text('context'), state: text('status'), description: text('description') }
}
