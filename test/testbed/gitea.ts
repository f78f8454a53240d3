import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Json } from '../../repo-layout/json.ts'
import type { ApiResponse } from './api-client.ts'
import { requireBinary } from './binaries.ts'
import { freePort } from './ports.ts'
import { type OwnedProcess, removeAtExit, removeNow, startProcess } from './processes.ts'

const run = promisify(execFile)

/** A real Gitea on a loopback port: Git over HTTP, pull requests, commit statuses and webhooks to loopback addresses. */
export interface Gitea {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  /** Its administrator, the owner of the repositories that `createRepo` makes. */
  readonly user: string
  /** An access token of that user with every scope; Git takes it as the password. */
  readonly token: string
  /** Sends one request below `/api/v1` with the token and resolves with whatever was answered, errors included. */
  api(method: string, path: string, body?: Json): Promise<ApiResponse>
  /** Makes a repository whose default branch is `main` and gives its clone URL; `init` gives it a first commit. */
  createRepo(name: string, options?: { readonly init?: boolean }): Promise<string>
  /** The clone URL with the user and token in it, for a native Git. */
  urlWithCredential(name: string): string
  stop(): Promise<void>
}

const user = 'robot'
const readyLimitMs = 60_000

/** What a test may want of a Gitea. */
export interface GiteaOptions {
  /** A folder with its `templates`, `options` and `public`; by default its own, in which styles and scripts are not built. */
  readonly staticRoot?: string | undefined
}

/** Starts a Gitea with one administrator and no repository; it dies with this process. Throws with the end of its log. */
export async function startGitea({ staticRoot }: GiteaOptions = {}): Promise<Gitea> {
  const binary = requireBinary('gitea')
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-gitea-'))
  removeAtExit(folder)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const config = join(folder, 'app.ini')
  writeFileSync(config, settings(folder, staticRoot ?? dirname(binary), port))
  const { PATH } = process.env
  const admin = (...args: readonly string[]) =>
    run(binary, [...args, '--config', config, '--work-path', folder], { env: { PATH, HOME: folder } })

  let server: OwnedProcess | undefined
  const stop = async () => {
    await server?.kill()
    removeNow(folder)
  }
  try {
    await admin('migrate')
    const create = ['admin', 'user', 'create', '--admin', '--username', user, '--email', `${user}@flotilla.example`]
    const { stdout } = await admin(...create, '--random-password', '--must-change-password=false', '--access-token')
    const token = /successfully created\.\.\. (\w+)/.exec(stdout)?.[1]
    if (token === undefined) throw new Error(`Gitea printed no access token: ${stdout}`)
    const log = join(folder, 'gitea.log')
    server = startProcess(binary, ['web', '--config', config, '--work-path', folder], log)
    await waitUntilUp(`${url}/api/healthz`, server)
    const api = giteaApi(url, token)
    return {
      url,
      user,
      token,
      api,
      createRepo: async (name, { init = false } = {}) => {
        const answer = await api('POST', '/user/repos', { name, default_branch: 'main', auto_init: init })
        if (answer.status !== 201) throw new Error(`Gitea refused ${name}: ${JSON.stringify(answer.body)}`)
        return `${url}/${user}/${name}.git`
      },
      urlWithCredential: (name) => `http://${user}:${token}@127.0.0.1:${port}/${user}/${name}.git`,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function waitUntilUp(url: string, server: OwnedProcess): Promise<void> {
  const giveUp = Date.now() + readyLimitMs
  while (Date.now() < giveUp) {
    if (!server.running()) throw new Error(`Gitea ended before it was ready:\n${server.logTail()}`)
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok === true) return
    await sleep(100)
  }
  throw new Error(`Gitea is not ready after ${readyLimitMs / 1000} s:\n${server.logTail()}`)
}

function giteaApi(url: string, token: string): Gitea['api'] {
  return async (method, path, body) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : JSON.parse(text) }
  }
}

function settings(folder: string, staticRoot: string, port: number): string {
  // Whatever reaches out, indexes or runs by the clock is off; the cheap hash makes a request with a password fast.
  return `APP_NAME = Testbed
RUN_MODE = prod
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = http://127.0.0.1:${port}/
STATIC_ROOT_PATH = ${staticRoot}
APP_DATA_PATH = ${join(folder, 'data')}
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = ${join(folder, 'gitea.db')}
[repository]
ROOT = ${join(folder, 'repositories')}
DEFAULT_BRANCH = main
[security]
INSTALL_LOCK = true
SECRET_KEY = testbed
PASSWORD_HASH_ALGO = pbkdf2$1$10
[webhook]
ALLOWED_HOST_LIST = loopback
[service]
DISABLE_REGISTRATION = true
[indexer]
ISSUE_INDEXER_TYPE = db
[queue]
TYPE = channel
[cron]
ENABLED = false
[actions]
ENABLED = false
[log]
MODE = console
LEVEL = warn
`
}
