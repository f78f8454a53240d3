import assert from 'node:assert/strict'
import dns from 'node:dns'
import { eventually } from '../../reconciler/daemon/harness.ts'
import { byName, type FaultyCluster } from '../cluster.ts'
import type { Row } from '../row.ts'

const lookup = dns.lookup

/** Names of members resolve from now on, as they do where there is a resolver that knows them, or do not any more. */
function resolve(known: boolean): void {
  const faked = (host: string, options: unknown, callback: unknown) => {
    if (host !== byName) return Reflect.apply(lookup, dns, [host, options, callback])
    const answer = (typeof options === 'function' ? options : callback) as (...result: readonly unknown[]) => void
    const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND', hostname: host })
    const all = typeof options === 'object' && options !== null && 'all' in options && options.all === true
    const found = all ? [null, [{ address: '127.0.0.1', family: 4 }]] : [null, '127.0.0.1', 4]
    setImmediate(() => answer(...(known ? found : [error])))
  }
  dns.lookup = Object.assign(faked, { __promisify__: lookup.__promisify__ }) as typeof dns.lookup
}

/** The network between the daemon and a member. */
export const networkRows: readonly Row[] = [
  {
    cause: 'A member refuses connections',
    mustNot: 'The other members wait for it; anything of it counts as gone',
    shown: '`unreachable`, and why',
    says: /^unreachable: \S/m,
    fault({ c1 }) {
      c1.proxy.setNetwork('refused')
      return () => c1.proxy.setNetwork('open')
    },
  },
  {
    cause: 'Connections to a member stay open and nothing passes any more (half open)',
    mustNot: 'It is taken for a quiet cluster for longer than a minute',
    shown: '`unreachable`',
    says: /^unreachable: /m,
    fault({ c1 }) {
      c1.proxy.setNetwork('silent')
      return () => c1.proxy.setNetwork('open')
    },
  },
  {
    cause: 'A member goes silent while nothing is to be done',
    mustNot: 'Nobody notices',
    shown: '`unreachable`: the cluster does not answer any more',
    says: /^unreachable: /m,
    async fault({ c1, daemon }) {
      c1.proxy.setNetwork('silent')
      await eventually(() => daemon.status().sync === 'unreachable', 'its silence is noticed')
      assert.match(daemon.status().clusters[0]?.message ?? '', /does not answer any more/)
      return () => c1.proxy.setNetwork('open')
    },
  },
  {
    cause: 'The connection is closed at every request, before the server saw it',
    mustNot: 'It is tried again without a pause',
    shown: '`unreachable`',
    says: /^unreachable: /m,
    fault: ({ c1 }) => c1.proxy.inject({ what: { type: 'cut' } }),
    check: ({ c1 }) => assert(c1.proxy.asked.length < 400, `${c1.proxy.asked.length} requests`),
  },
  {
    cause: 'Every fourth answer is lost after the server has done its work',
    mustNot: 'An object of ours is taken for somebody else’s, or deleted and made anew',
    shown: 'nothing: it is done in spite of it',
    fault: ({ c1 }) => c1.proxy.inject({ what: { type: 'cut after' }, share: 0.25 }),
  },
  {
    cause: 'The answer to every write is lost, once',
    mustNot: 'Anything is done twice',
    shown: 'nothing: it is done in spite of it',
    fault: ({ c1 }) => c1.proxy.inject({ on: { write: true }, what: { type: 'cut after' }, times: 6 }),
  },
  {
    cause: 'Writes are taken and never answered (timeout)',
    mustNot: 'It waits for ever',
    shown: '`unreachable`, with the request',
    says: /^unreachable: (PATCH|PUT) /m,
    fault: ({ c1 }) => c1.proxy.inject({ on: { write: true }, what: { type: 'hang' } }),
  },
  {
    cause: 'Writes are done and never answered (timeout)',
    mustNot: 'What was done is lost track of',
    shown: '`unreachable`, with the request',
    says: /^unreachable: (PATCH|PUT) /m,
    fault: ({ c1 }) => c1.proxy.inject({ on: { write: true }, what: { type: 'hang after' } }),
  },
  {
    cause: 'Nothing is answered any more to requests, while watches go on',
    mustNot: 'It waits for ever',
    shown: '`unreachable`',
    says: /^unreachable: /m,
    fault: ({ c1 }) => c1.proxy.inject({ on: { watch: false }, what: { type: 'hang' } }),
  },
  {
    cause: 'Every answer takes five seconds',
    mustNot: 'The other members wait for it',
    shown: 'nothing: it is done in spite of it, later',
    fault: ({ c1 }) => c1.proxy.inject({ on: { watch: false }, what: { type: 'delay', ms: 250 } }),
  },
  {
    cause: 'Lists come at a crawl',
    mustNot: 'A list that is not there yet is taken for an empty one',
    shown: 'nothing: it is done in spite of it, later',
    fault({ c1 }) {
      const mend = c1.proxy.inject({
        on: { methods: ['GET'], watch: false },
        what: { type: 'slow', bytesPerSecond: 4000 },
      })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'The name of a member does not resolve any more (DNS)',
    mustNot: 'Connections that are open are given up for it; anything counts as gone',
    shown: '`unreachable`: ENOTFOUND and the name',
    says: /^unreachable: .*ENOTFOUND/m,
    async fault({ world, c1, daemon }) {
      resolve(true)
      world.readSecret = async (name) => ({
        value: world.cluster(name).kubeconfig('daemon', name === 'c1' ? byName : undefined),
      })
      // Credentials are read again after half a minute; from then on it is reached by its name.
      world.clock.pass(31_000)
      cut(c1)
      await eventually(() => daemon.status().sync === 'unreachable', 'the connections are gone')
      await eventually(() => daemon.status().sync === 'synced', 'it is reached by its name')
      resolve(false)
      cut(c1)
      return () => resolve(true)
    },
    check() {
      dns.lookup = lookup
    },
  },
]

/** Closes the connections that are open; new ones are taken. */
export function cut({ proxy }: FaultyCluster): void {
  proxy.setNetwork('refused')
  proxy.setNetwork('open')
}
