import type { Clock } from '../../reconciler/clock.ts'
import { type Deferred, deferred } from '../../reconciler/member/deferred.ts'
import type { Json, JsonObject } from '../../repo-layout/json.ts'
import type { Backend } from './backend.ts'
import { createClient } from './controllers/client.ts'
import { runControllers } from './controllers/run.ts'
import { registerDefinitions } from './custom/registration.ts'
import { createAuditLog } from './http/audit.ts'
import { authenticate, type Tokens } from './http/auth.ts'
import { type AnyReply, type ApiRequest, isStream, type StreamReply } from './http/message.ts'
import { type Routes, route } from './http/router.ts'
import { targetOf } from './http/target.ts'
import { createAddresses } from './kinds/addresses.ts'
import { kubeconfigOf } from './kubeconfig.ts'
import type { Listener, RawRequest } from './listen/listener.ts'
import { openApiDocument } from './resources/openapi.ts'
import { createRegistry } from './resources/registry.ts'
import { seed } from './seed.ts'
import { errorReply, StatusError } from './status.ts'
import { createStore } from './store/store.ts'
import type { ClusterOptions, Delays, SandboxAnswer, SandboxCluster } from './types.ts'
import { serve } from './verbs/serve.ts'
import { claimsHold } from './verbs/token.ts'

/** What the clusters of a sandbox share. */
export interface Shared {
  readonly host: string
  readonly clock: Clock
  readonly delays: Delays
  readonly tokens: Tokens
  readonly caData: string
  readonly listener: Listener
}

/** A running cluster and the way to end it. */
export interface Cluster {
  readonly api: SandboxCluster
  /** Ends what goes on inside; the port is the listener's to close. */
  stop(): void
}

/** The version that a sandbox says it is: the one that its schemas were read from. */
const version: JsonObject = {
  major: '1',
  minor: '35',
  gitVersion: 'v1.35.4',
  gitCommit: 'sandbox',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: 'sandbox/memory',
}

/** Starts one cluster on a port of its own. Rejects where the port is taken. */
export async function createCluster(options: ClusterOptions, shared: Shared): Promise<Cluster> {
  const { clock, tokens } = shared
  const audit = options.audit === true ? createAuditLog(() => clock.now()) : undefined
  const registry = createRegistry()
  const store = createStore()
  const backend: Backend = {
    store,
    registry,
    clock,
    addresses: createAddresses(),
    tokens,
    controllers: options.controllers !== false,
    admit: options.admit,
  }
  registerDefinitions(store, registry)
  seed(backend, options.nodes ?? [{ name: 'node1' }])
  const end = backend.controllers
    ? runControllers({ store, client: createClient(backend), clock, delays: shared.delays, onError: failLoudly })
    : () => undefined
  const routes: Routes = {
    registry,
    version,
    serve: (target, request) => serve(backend, target, request),
    openApi: (path) => openApiDocument(registry.all(), path),
  }

  function handle(request: ApiRequest): AnyReply {
    const received = clock.now()
    const reply = route(routes, request)
    return audit ? audit.note(request, targetOf(registry, request.path), received, reply) : reply
  }

  let hanging: Deferred<void> | undefined

  /** A watch that is open says nothing either while the cluster hangs. */
  function held(reply: AnyReply): AnyReply {
    if (!isStream(reply)) return reply
    const start: StreamReply['start'] = (write, end) =>
      reply.start((line) => (hanging ? void hanging.promise.then(() => write(line)) : write(line)), end)
    return { ...reply, start }
  }

  async function authenticated(request: RawRequest): Promise<AnyReply> {
    await hanging?.promise
    const user = authenticate(tokens, request.headers, (claims) => claimsHold(backend, claims))
    return user === undefined
      ? errorReply(new StatusError(401, 'Unauthorized', 'Unauthorized'))
      : held(handle({ ...request, user }))
  }

  const port = await shared.listener.open(options.port ?? 0, authenticated)
  const { name } = options
  const entry = {
    name,
    server: `https://${shared.host}:${port.port}`,
    caData: shared.caData,
    token: tokens.tokenFor('admin'),
  }
  return {
    stop() {
      end()
      store.clear()
    },
    api: {
      ...entry,
      kubeconfig: () => kubeconfigOf([entry]),
      tokenFor: (user) => tokens.tokenFor(user),
      request: async (method, path, body, headers = {}) => answerOf(handle(requestOf(method, path, body, headers))),
      setReachable: async (reachable) => port.setReachable(reachable),
      setHanging(next) {
        if (next) hanging ??= deferred()
        else {
          hanging?.resolve()
          hanging = undefined
        }
      },
      audit() {
        if (!audit) throw new Error(`${name} was started without the option audit`)
        return [...audit.records]
      },
    },
  }
}

/** A controller that fails is a mistake of the sandbox: it must not pass for a cluster in which nothing happens. */
function failLoudly(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}

function requestOf(
  method: string,
  path: string,
  body: Json | undefined,
  headers: Readonly<Record<string, string>>,
): ApiRequest {
  const url = new URL(path, 'https://sandbox')
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const lower = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]))
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers: { 'user-agent': 'sandbox', 'content-type': type, ...lower },
    body: body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
    user: 'sandbox',
  }
}

function answerOf(reply: AnyReply): SandboxAnswer {
  if (isStream(reply)) throw new Error('a watch needs a connection')
  const headers = Object.fromEntries(Object.entries(reply.headers).map(([key, value]) => [key, String(value)]))
  return { status: reply.status, headers, body: parsed(reply.text) }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
