import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { requireBinary } from './binaries.ts'
import { freePort } from './ports.ts'
import { removeAtExit, removeNow, startProcess } from './processes.ts'

/** A real OCI registry on a loopback port, empty at first, which asks for user and password. */
export interface OciRegistry {
  /** `127.0.0.1:<port>`. */
  readonly host: string
  readonly user: { readonly name: string; readonly password: string }
  stop(): Promise<void>
}

const user = { name: 'jo', password: 'secret' }
/** That password as bcrypt has it, the only way in which the registry takes one. */
const hashed = '$2a$05$lH3HYbDhpg3E5U2gHjAOUuYuwUB5ISSQcFueHR7bY.krES8vJH/1S'
const readyLimitMs = 60_000

/** Starts a registry; it dies with this process. Throws with the end of its log. */
export async function startOciRegistry(): Promise<OciRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-registry-'))
  removeAtExit(folder)
  const host = `127.0.0.1:${await freePort()}`
  const users = join(folder, 'htpasswd')
  writeFileSync(users, `${user.name}:${hashed}\n`)
  const config = join(folder, 'config.yaml')
  const settings = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: host, secret: 'of-this-test' },
    auth: { htpasswd: { realm: 'charts', path: users } },
  }
  writeFileSync(config, stringify(settings))
  const server = startProcess(requireBinary('registry'), ['serve', config], join(folder, 'registry.log'))
  const stop = async () => {
    await server.kill()
    removeNow(folder)
  }
  const giveUp = Date.now() + readyLimitMs
  while (Date.now() < giveUp && server.running()) {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined)
    if (answer?.status === 401) return { host, user, stop }
    await sleep(50)
  }
  const log = server.logTail()
  await stop()
  throw new Error(`the registry did not start:\n${log}`)
}
