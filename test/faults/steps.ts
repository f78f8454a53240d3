import fc from 'fast-check'
import { isJsonObject, type Json } from '../../repo-layout/json.ts'
import { type Fault, statusAnswer } from './fault.ts'
import type { Network } from './proxy.ts'

/** One thing that happens to a fleet. */
export type Step =
  | { readonly type: 'commit'; readonly edits: readonly Edit[] }
  /** A fault begins before a cluster or the Git server, instead of the one that was there. */
  | { readonly type: 'trouble'; readonly where: Place; readonly trouble: string }
  | { readonly type: 'calm'; readonly where: Place }
  /** The daemon dies, and another starts at once or only later. */
  | { readonly type: 'kill'; readonly again: boolean }
  | { readonly type: 'start' }
  | {
      readonly type: 'hand'
      readonly cluster: string
      readonly name: string
      readonly does: 'edit' | 'delete' | 'unlabel'
    }
  | { readonly type: 'stranger'; readonly cluster: string; readonly name: string }
  | { readonly type: 'wait'; readonly ms: number }
  /** Time passes at once: what is waited for falls due. */
  | { readonly type: 'time'; readonly minutes: number }

/** A change of one ConfigMap in the fleet; without clusters it leaves Git. */
export interface Edit {
  readonly name: string
  readonly clusters: readonly string[]
  readonly value: string
  /** `always`: takes what is there. `keep`: is not deleted when it leaves Git. */
  readonly mark: 'none' | 'always' | 'keep'
}

export const clusterNames = ['c1', 'c2'] as const
type Place = (typeof clusterNames)[number] | 'git'
const names = ['a', 'b', 'c', 'd', 'e', 'f'] as const

const emptied = (answer: Json): Json => (isJsonObject(answer) && 'items' in answer ? { ...answer, items: [] } : answer)
const lists = { methods: ['GET'], path: /labelSelector=/, watch: false }

/** What can go wrong with one server: the state of its network, or faults. */
export const troubles: Readonly<Record<string, Network | readonly Fault[]>> = {
  refused: 'refused',
  silent: 'silent',
  'cut before': [{ what: { type: 'cut' }, share: 0.3 }],
  'cut after': [{ what: { type: 'cut after' }, share: 0.3 }],
  'writes cut after': [{ on: { write: true }, what: { type: 'cut after' } }],
  'writes hang': [{ on: { write: true }, what: { type: 'hang' }, share: 0.5 }],
  'writes hang after': [{ on: { write: true }, what: { type: 'hang after' }, share: 0.5 }],
  'writes come late': [{ on: { write: true }, what: { type: 'late' }, share: 0.5 }],
  truncated: [{ on: { watch: false }, what: { type: 'truncate', bytes: 50 }, share: 0.3 }],
  'truncated cleanly': [{ on: { watch: false }, what: { type: 'truncate', bytes: 50, clean: true }, share: 0.3 }],
  'server errors': [{ what: statusAnswer(500, 'InternalError', 'etcdserver: leader changed'), share: 0.4 }],
  throttled: [{ what: statusAnswer(429, 'TooManyRequests', 'slow down', { 'retry-after': '1' }), share: 0.4 }],
  unauthorized: [{ what: statusAnswer(401, 'Unauthorized', 'Unauthorized') }],
  forbidden: [{ on: { write: true }, what: statusAnswer(403, 'Forbidden', 'no rights'), share: 0.5 }],
  'no deletions': [{ on: { methods: ['DELETE'] }, what: statusAnswer(403, 'Forbidden', 'no rights') }],
  conflicts: [{ on: { write: true }, what: statusAnswer(409, 'Conflict', 'the object has been modified'), share: 0.4 }],
  'foreign 404': [
    { on: { watch: false }, what: { type: 'answer', status: 404, body: 'default backend - 404' }, share: 0.3 },
  ],
  'empty lists': [{ on: lists, what: { type: 'edit', edit: emptied } }],
  'dead watches': [{ on: { watch: true }, what: { type: 'watch', events: [] } }],
  stale: [{ on: { methods: ['GET'], watch: false }, what: { type: 'stale' }, share: 0.7 }],
  slow: [{ what: { type: 'delay', ms: 60 } }],
}
/** Those that make sense before a Git server too. */
const gitTroubles = [
  'refused',
  'silent',
  'cut before',
  'cut after',
  'writes cut after',
  'writes hang',
  'writes hang after',
  'writes come late',
  'truncated',
  'truncated cleanly',
  'server errors',
  'unauthorized',
  'forbidden',
  'stale',
]

const name = fc.constantFrom(...names)
const cluster = fc.constantFrom(...clusterNames)
const place = fc.constantFrom<Place>(...clusterNames, 'git')

const edit: fc.Arbitrary<Edit> = fc.record({
  name,
  clusters: fc.oneof(fc.subarray([...clusterNames]), fc.constant<string[]>([])),
  value: fc.integer({ min: 1, max: 9 }).map(String),
  mark: fc.oneof(
    { arbitrary: fc.constant<Edit['mark']>('none'), weight: 4 },
    { arbitrary: fc.constantFrom<Edit['mark']>('always', 'keep'), weight: 1 },
  ),
})

const trouble: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('trouble' as const),
    where: cluster,
    trouble: fc.constantFrom(...Object.keys(troubles)),
  }),
  fc.record({
    type: fc.constant('trouble' as const),
    where: fc.constant<Place>('git'),
    trouble: fc.constantFrom(...gitTroubles),
  }),
)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      type: fc.constant('commit' as const),
      edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
    }),
    weight: 6,
  },
  { arbitrary: trouble, weight: 5 },
  { arbitrary: fc.record({ type: fc.constant('calm' as const), where: place }), weight: 2 },
  { arbitrary: fc.record({ type: fc.constant('kill' as const), again: fc.boolean() }), weight: 2 },
  { arbitrary: fc.constant<Step>({ type: 'start' }), weight: 1 },
  {
    arbitrary: fc.record({
      type: fc.constant('hand' as const),
      cluster,
      name,
      does: fc.constantFrom('edit' as const, 'delete' as const, 'unlabel' as const),
    }),
    weight: 3,
  },
  { arbitrary: fc.record({ type: fc.constant('stranger' as const), cluster, name }), weight: 2 },
  { arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 300 }) }), weight: 4 },
  { arbitrary: fc.record({ type: fc.constant('time' as const), minutes: fc.integer({ min: 1, max: 20 }) }), weight: 1 },
)

/** Sequences of what happens. */
export const sequences: fc.Arbitrary<readonly Step[]> = fc.array(step, { minLength: 8, maxLength: 24 })
