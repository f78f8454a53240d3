import assert from 'node:assert/strict'
import { isJsonObject, type Json } from '../../../repo-layout/json.ts'
import { statusAnswer } from '../fault.ts'
import type { Row } from '../row.ts'
import { cut } from './network.ts'

const lists = { methods: ['GET'], path: /\/configmaps\?labelSelector=flotilla\.dev%2Ffleet/, watch: false }
const inventory = { path: /\/flotilla-system\/configmaps/ }
const applies = { methods: ['PATCH'], path: /\/configmaps\// }
const serverError = (message: string) => statusAnswer(500, 'InternalError', message)
const emptied = (answer: Json): Json => (isJsonObject(answer) && 'items' in answer ? { ...answer, items: [] } : answer)

/** What a member's API server, or a proxy before it, answers. */
export const answerRows: readonly Row[] = [
  {
    cause: '429 with Retry-After to a few writes',
    mustNot: 'The server is asked again sooner than it said; the objects fail',
    shown: 'nothing: it is done after the time that the server said',
    fault: ({ c1 }) =>
      c1.proxy.inject({
        on: { write: true },
        what: statusAnswer(429, 'TooManyRequests', 'too many requests', { 'retry-after': '2' }),
        times: 4,
      }),
  },
  {
    cause: '429 with Retry-After to everything, for minutes',
    mustNot: 'The server is asked again sooner than it said',
    shown: '`degraded`, with the words of the server',
    says: /^degraded: .*slow down/m,
    fault({ c1 }) {
      const mend = c1.proxy.inject({
        what: statusAnswer(429, 'TooManyRequests', 'slow down', { 'retry-after': '20' }),
      })
      cut(c1)
      return mend
    },
    check: ({ c1 }) => {
      const refused = c1.proxy.asked.filter(({ status }) => status === 0).length
      assert(refused < 60, `${refused} requests were refused`)
    },
  },
  {
    cause: '503 to writes with a Retry-After of a day',
    mustNot: 'It waits for a day: the server may be well sooner',
    shown: '`degraded`: each object, with the words of the server; tried again after five minutes at the latest',
    says: /\/new failed .*for maintenance/,
    fault({ c1, world }) {
      const mend = c1.proxy.inject({
        on: { methods: ['PATCH'] },
        what: statusAnswer(503, 'ServiceUnavailable', 'closed for maintenance', { 'retry-after': '86400' }),
      })
      return () => {
        mend()
        world.clock.pass(300_000)
      }
    },
  },
  {
    cause: 'A burst of 500s to everything',
    mustNot: 'It is given up, or tried without a pause',
    shown: '`degraded`, with the words of the server',
    says: /^degraded: .*leader changed/m,
    fault({ c1 }) {
      const mend = c1.proxy.inject({ what: serverError('etcdserver: leader changed') })
      cut(c1)
      return mend
    },
    check: ({ c1 }) => assert(c1.proxy.asked.length < 400, `${c1.proxy.asked.length} requests`),
  },
  {
    cause: 'A burst of 500s to half of the writes',
    mustNot: 'What succeeded is done again',
    shown: 'nothing: it is done in spite of it',
    fault: ({ c1 }) =>
      c1.proxy.inject({
        on: { write: true },
        what: serverError('etcdserver: request timed out'),
        share: 0.5,
        times: 8,
      }),
  },
  {
    cause: '504 to writes that were done all the same',
    mustNot: 'What was done is lost track of',
    shown: 'nothing: it is done in spite of it',
    fault: ({ c1 }) =>
      c1.proxy.inject({
        on: { write: true },
        what: { ...statusAnswer(504, 'Timeout', 'request did not complete within 34s'), type: 'answer after' },
        times: 5,
      }),
  },
  {
    cause: '503 while the API server starts',
    mustNot: 'Kinds that are not served yet count as removed',
    shown: '`degraded`, with the words of the server',
    says: /^degraded: .*not ready/m,
    fault({ c1 }) {
      const mend = c1.proxy.inject({ what: statusAnswer(503, 'ServiceUnavailable', 'the server is not ready') })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'The inventory cannot be written',
    mustNot: 'Anything new is applied, or anything deleted, without being noted',
    shown: '`degraded`: the inventory cannot be written, and why',
    says: /^degraded: .*the inventory cannot be written: quota/m,
    fault: ({ c1 }) =>
      c1.proxy.inject({ on: { ...inventory, write: true }, what: statusAnswer(403, 'Forbidden', 'quota exceeded') }),
    check: ({ c1, world }) => assert(c1.everListed.has(`ConfigMap/${world.ns}/new`)),
  },
  {
    cause: 'Every write of the inventory conflicts, for a while',
    mustNot: 'Entries are lost',
    shown: 'nothing, or `degraded` for as long as it lasts',
    fault: ({ c1 }) =>
      c1.proxy.inject({
        on: { ...inventory, methods: ['PUT'] },
        what: statusAnswer(409, 'Conflict', 'the object has been modified'),
        times: 9,
      }),
  },
  {
    cause: 'A watch ends with 410 Gone',
    mustNot: 'What happened meanwhile is missed; all is applied again',
    shown: 'nothing: the kind is listed anew',
    fault({ c1 }) {
      const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }
      const mend = c1.proxy.inject({
        on: { watch: true },
        what: { type: 'watch', events: [{ type: 'ERROR', object: gone }] },
      })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'Watches are refused with 410 Gone',
    mustNot: 'It is listed again and again without a pause',
    shown: 'nothing: the kind is listed anew, more and more rarely',
    fault({ c1 }) {
      const mend = c1.proxy.inject({
        on: { watch: true },
        what: statusAnswer(410, 'Expired', 'too old resource version'),
      })
      cut(c1)
      return mend
    },
    check: ({ c1 }) => assert(c1.proxy.asked.length < 400, `${c1.proxy.asked.length} requests`),
  },
  {
    cause: 'Watches end as soon as they begin',
    mustNot: 'It is watched again and again without a pause',
    shown: 'nothing',
    fault({ c1 }) {
      const mend = c1.proxy.inject({ on: { watch: true }, what: { type: 'watch', events: [] } })
      cut(c1)
      return mend
    },
    check: ({ c1 }) => assert(c1.proxy.asked.length < 400, `${c1.proxy.asked.length} requests`),
  },
  {
    cause: 'A watch tells something that cannot be read',
    mustNot: 'It is taken for a deletion',
    shown: '`degraded`: cannot watch the kind, and why',
    says: /^degraded: .*cannot watch \w+: /m,
    fault({ c1 }) {
      const mend = c1.proxy.inject({
        on: { watch: true },
        what: { type: 'watch', events: [{ type: 'DELETED', object: {} }] },
      })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'The body of a list is cut off, and the connection with it',
    mustNot: 'What is missing in it counts as gone',
    shown: '`unreachable` or `degraded`, with the request',
    says: /^(unreachable|degraded): .*GET/m,
    fault({ c1 }) {
      const mend = c1.proxy.inject({ on: { methods: ['GET'], watch: false }, what: { type: 'truncate', bytes: 60 } })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'The body of a list is cut off as if that were all of it',
    mustNot: 'What is missing in it counts as gone',
    shown: '`degraded`: the answer is no JSON object',
    says: /^degraded: .*no JSON object/m,
    fault({ c1 }) {
      const mend = c1.proxy.inject({ on: lists, what: { type: 'truncate', bytes: 60, clean: true } })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'The answers to writes are cut off',
    mustNot: 'What was done is lost track of',
    shown: 'nothing, or `unreachable` while it lasts',
    fault: ({ c1 }) => c1.proxy.inject({ on: { write: true }, what: { type: 'truncate', bytes: 40 }, times: 5 }),
  },
  {
    cause: 'A list has no items at all, not even none',
    mustNot: 'It is taken for an empty list',
    shown: '`degraded`: a list that cannot be read',
    says: /^degraded: .*cannot be read/m,
    fault({ c1 }) {
      const mend = c1.proxy.inject({
        on: lists,
        what: { type: 'edit', edit: () => ({ kind: 'ConfigMapList', metadata: {} }) },
      })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'Lists are empty although everything is there',
    mustNot: 'Anything is deleted, or made anew',
    shown: 'nothing: each object is asked for before it is touched',
    fault({ c1 }) {
      const mend = c1.proxy.inject({ on: lists, what: { type: 'edit', edit: emptied } })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'The list of the inventory is empty although it is there',
    mustNot: 'Anything is deleted, taken over, or forgotten',
    shown: 'nothing: it is found when it is to be written',
    fault({ c1 }) {
      const mend = c1.proxy.inject({
        on: { ...inventory, methods: ['GET'], watch: false },
        what: { type: 'edit', edit: emptied },
        times: 1,
      })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'Lists and objects come from a stale cache',
    mustNot: 'What is newer is undone or deleted',
    shown: 'nothing, or that an object changed meanwhile, until the cache is fresh',
    async fault({ c1 }) {
      c1.proxy.record()
      cut(c1)
      await new Promise((next) => setTimeout(next, 300))
      const mend = c1.proxy.inject({ on: { methods: ['GET'], watch: false }, what: { type: 'stale' } })
      return mend
    },
  },
  {
    cause: 'Discovery is cut off',
    mustNot: 'Kinds that are missing in it count as removed',
    shown: '`degraded`, with the request',
    says: /no JSON object|cannot watch/m,
    fault({ c1 }) {
      const mend = c1.proxy.inject({ on: { path: /^\/api\/v1$/ }, what: { type: 'truncate', bytes: 50, clean: true } })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'A kind is not served for a while',
    mustNot: 'Its objects count as deleted; they are forgotten',
    shown: '`degraded`: the cluster serves no such kind',
    says: /serves no (Namespace|ConfigMap)/,
    lookedAtLater: true,
    fault({ c1 }) {
      const mend = c1.proxy.inject({
        on: { path: /^\/api\/v1$/ },
        what: { type: 'edit', edit: () => ({ kind: 'APIResourceList', groupVersion: 'v1', resources: [] }) },
      })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'A sign-in page answers instead of the API server',
    mustNot: 'It is taken for a cluster without objects',
    shown: '`degraded`: the answer is no JSON object',
    says: /^degraded: .*no JSON object/m,
    fault({ c1 }) {
      const page = { 'content-type': 'text/html' }
      const mend = c1.proxy.inject({
        what: { type: 'answer', status: 200, headers: page, body: '<html>Sign in</html>' },
      })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'A load balancer that has lost the API server answers 404',
    mustNot: 'Objects count as deleted; what is to be deleted is forgotten',
    shown: '`degraded`: HTTP 404',
    says: /failed HTTP 404/,
    lookedAtLater: true,
    fault: ({ c1 }) =>
      c1.proxy.inject({
        on: { watch: false },
        what: { type: 'answer', status: 404, headers: { 'content-type': 'text/plain' }, body: 'default backend - 404' },
      }),
  },
  {
    cause: 'The API server redirects elsewhere',
    mustNot: 'The credential goes there',
    shown: '`degraded`: HTTP 302',
    says: /^degraded: .*302/m,
    fault({ c1 }) {
      const mend = c1.proxy.inject({
        what: { type: 'answer', status: 302, headers: { location: 'https://elsewhere.example/' } },
      })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'An admission webhook is down: its objects are refused',
    mustNot: 'Other objects wait for it',
    shown: '`degraded`: the object, with the words of the server',
    says: /\/new failed .*failed calling webhook/m,
    fault: ({ c1 }) =>
      c1.proxy.inject({
        on: { ...applies, path: /\/configmaps\/new\?/ },
        what: serverError('Internal error occurred: failed calling webhook "policy.example": connection refused'),
      }),
  },
  {
    cause: 'A quota or policy refuses one object',
    mustNot: 'Other objects wait for it; it is tried without a pause',
    shown: '`degraded`: the object, with the words of the server',
    says: /\/new failed .*exceeded quota/m,
    fault: ({ c1 }) =>
      c1.proxy.inject({
        on: { ...applies, path: /\/configmaps\/new\?/ },
        what: statusAnswer(403, 'Forbidden', 'exceeded quota'),
      }),
  },
  {
    cause: 'The member’s clock is an hour off',
    mustNot: 'Anything is taken for newer or older than it is',
    shown: 'nothing',
    fault({ c1 }) {
      const mend = c1.proxy.inject({ on: { watch: false }, what: { type: 'skew', ms: 3_600_000 } })
      cut(c1)
      return mend
    },
  },
]
