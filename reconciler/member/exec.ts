import { spawn } from 'node:child_process'
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import { ApiError } from './errors.ts'

const execSchema = z.looseObject({
  apiVersion: z.string().default('client.authentication.k8s.io/v1'),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string() })).nullish(),
  provideClusterInfo: z.boolean().nullish(),
})

const answerSchema = z.looseObject({
  status: z.looseObject({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().optional(),
  }),
})

/** What an exec plugin gave: a token, a client certificate (PEM) or both. */
export interface ExecCredential {
  readonly token: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
}

/** Credentials from a program, asked again only when they expire or were refused. */
export interface ExecPlugin {
  /** The credential of now. Rejects with an `ApiError` of type `unauthorized` when the program fails. */
  credential(): Promise<ExecCredential>
  /** Forgets the credential, after a 401. */
  drop(): void
}

/** Longest time a plugin may take, in milliseconds. */
const execTimeout = 30_000
/** Credentials are renewed so long before they expire, in milliseconds: clocks differ and requests take time. */
const expirySkew = 30_000

/**
 * Wraps the `exec` section of a kubeconfig: however many requests wait, the program runs once, for at most 30 seconds, and its
 * answer is kept until shortly before `expirationTimestamp` (without one, until it is dropped).
 */
export function createExecPlugin(
  exec: unknown,
  cluster: { server: string; caData: string | undefined },
  clock: Clock,
): ExecPlugin {
  const parsed = execSchema.safeParse(exec)
  let running: Promise<ExecCredential> | undefined
  let expires = 0
  return {
    credential() {
      if (running && clock.now() < expires) return running
      const started = run()
      expires = Number.POSITIVE_INFINITY
      running = started.then((answer) => {
        if (answer.expirationTimestamp !== undefined && expires === Number.POSITIVE_INFINITY)
          expires = Date.parse(answer.expirationTimestamp) - expirySkew
        return { token: answer.token, certificate: answer.clientCertificateData, key: answer.clientKeyData }
      })
      running.catch(() => {
        expires = 0 // a failure is never kept: the next request asks again
      })
      return running
    },
    drop() {
      expires = 0
    },
  }

  async function run() {
    if (!parsed.success)
      throw refused(`the exec section of the kubeconfig cannot be read: ${z.prettifyError(parsed.error)}`)
    const { command, args, env, apiVersion, provideClusterInfo } = parsed.data
    const info = { server: cluster.server, 'certificate-authority-data': cluster.caData }
    const request = {
      apiVersion,
      kind: 'ExecCredential',
      spec: { interactive: false, ...(provideClusterInfo ? { cluster: info } : {}) },
    }
    const output = await runProgram(clock, command, args ?? [], {
      ...process.env,
      ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(request),
    })
    const answer = answerSchema.safeParse(parseJson(output))
    if (!answer.success) throw refused(`exec plugin ${command} gave no ExecCredential`)
    return answer.data.status
  }
}

function runProgram(clock: Clock, command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = clock.after(execTimeout, () => {
      child.kill('SIGKILL')
      // What it has started itself may live on and keep the pipes open: nobody waits for that.
      child.stdout.destroy()
      child.stderr.destroy()
      reject(refused(`exec plugin ${command} did not answer within ${execTimeout / 1000} s`))
    })
    let output = ''
    let complaint = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = `${complaint}${text}`.slice(-500)
    })
    child.on('error', (error) => reject(refused(`exec plugin ${command}: ${error.message}`)))
    child.on('close', (code, signal) => {
      timer.cancel()
      if (code === 0) resolve(output)
      else reject(refused(`exec plugin ${command} ended with ${code ?? signal}: ${complaint.trim()}`))
    })
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the schema then refuses it
  }
}

function refused(message: string): ApiError {
  return new ApiError(message, { type: 'unauthorized' })
}
