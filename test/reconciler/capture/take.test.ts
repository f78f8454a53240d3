import assert from 'node:assert/strict'
import { type Choice, type Known, take } from '../../../reconciler/capture/take.ts'
import type { Overwritten } from '../../../reconciler/member/history.ts'
import type { Drift, FieldDrift } from '../../../reconciler/member/types.ts'

const replicas: FieldDrift = { path: '/spec/replicas', live: 7, wanted: 3, manager: 'kubectl (scale)' }
const image: FieldDrift = { path: '/spec/image', live: 'w:2', wanted: 'w:1', manager: 'kubectl-edit' }
const label: FieldDrift = {
  path: '/metadata/labels/flotilla.dev/fleet',
  live: undefined,
  wanted: 'prod',
  manager: 'unknown (removed)',
}

function drift(fields: readonly FieldDrift[], reason: Drift['reason'] = 'changed'): Drift {
  const since = '2026-11-24T03:00:00.000Z'
  return { subject: 'Deployment.apps/shop/web', reason, fields, since, healedAt: undefined, healed: 0, fight: false }
}

function entry(fields: readonly FieldDrift[], reason: Overwritten['reason'] = 'changed', hour = 2): Overwritten {
  return { subject: 'Deployment.apps/shop/web', at: `2026-11-24T0${hour}:00:00.000Z`, times: 1, reason, fields }
}

function known(change: Partial<Known>): Known {
  return { subject: 'Deployment.apps/shop/web', cluster: 'eu-1', drift: undefined, history: [], extras: [], ...change }
}

const all: Choice = { fields: [], history: false }
const cut = `${'x'.repeat(4000)}… (cut, 5000 signs)`

interface Row {
  readonly what: string
  readonly known: Partial<Known>
  readonly choice?: Partial<Choice>
  /** Paths with where they are from; or the type and what is said. */
  readonly takes?: readonly string[]
  readonly notes?: readonly RegExp[]
  readonly says?: readonly ['nothing' | 'refused', RegExp]
}

const rows: readonly Row[] = [
  {
    what: 'takes what differs now, before what was written over, of which it says so',
    known: { drift: drift([replicas]), history: [entry([image])] },
    takes: ['live /spec/replicas'],
    notes: [/changed by hand before, and not taken: \/spec\/image; --field PATH takes it/],
  },
  {
    what: 'takes the newest that was written over where nothing differs',
    known: { history: [entry([replicas], 'changed', 3), entry([image])] },
    takes: ['history /spec/replicas'],
    notes: [/not taken: \/spec\/image/],
  },
  {
    what: 'takes what a new commit wrote over',
    known: { history: [entry([replicas], 'new commit')] },
    takes: ['history /spec/replicas'],
  },
  {
    what: 'takes what was written over where that is asked for',
    known: { drift: drift([replicas]), history: [entry([image])] },
    choice: { history: true },
    takes: ['history /spec/image'],
  },
  {
    what: 'takes the fields that are named from where they are known newest',
    known: {
      drift: drift([replicas]),
      history: [
        entry([image], 'changed', 3),
        entry([
          { ...image, live: 'w:0' },
          { ...replicas, live: 9 },
        ]),
      ],
    },
    choice: { fields: ['/spec/image', '/spec/replicas'] },
    takes: ['history /spec/image', 'live /spec/replicas'],
  },
  {
    what: 'leaves out what is its own, and says so',
    known: { drift: drift([label, replicas], 'label removed') },
    takes: ['live /spec/replicas'],
    notes: [/Flotilla's own: \/metadata\/labels\/flotilla\.dev\/fleet/],
  },
  {
    what: 'has nothing where only what is its own was changed',
    known: { drift: drift([label], 'label removed'), extras: ['/spec/x'] },
    says: ['nothing', /nothing but what is Flotilla's own differs .* what others added beside stays.*\/spec\/x/],
  },
  {
    what: 'has nothing where nothing is known',
    known: {},
    says: ['nothing', /is as Git says, and nothing that was written over is known$/],
  },
  {
    what: 'refuses a field that is not known, and knows what was meant',
    known: { drift: drift([replicas]) },
    choice: { fields: ['/spec/replica'] },
    says: ['refused', /nobody changed \/spec\/replica by hand, .* did you mean "\/spec\/replicas"\?/],
  },
  {
    what: 'refuses what is its own where that is named',
    known: { drift: drift([label]) },
    choice: { fields: [label.path] },
    says: ['refused', /flotilla\.dev\/fleet is Flotilla's own; what steers Flotilla is written in Git by hand/],
  },
  {
    what: 'refuses a deletion',
    known: { drift: drift([], 'deleted'), history: [entry([replicas])] },
    says: ['refused', /was deleted in eu-1.* take eu-1 out of its placement/],
  },
  {
    what: 'refuses a deletion that was healed since, rather than take what was before',
    known: { history: [entry([], 'deleted', 3), entry([replicas])] },
    says: ['refused', /was deleted in eu-1/],
  },
  {
    what: 'refuses status, and names the rest',
    known: { drift: drift([{ ...image, path: '/status/x' }, replicas]) },
    says: ['refused', /\/status\/x is status.*\nto take the rest alone: --field '\/spec\/replicas'/s],
  },
  {
    what: 'refuses a value that was kept in part',
    known: { history: [entry([{ ...image, live: cut }])] },
    says: ['refused', /too long to be kept whole .*flotilla pause Deployment\.apps\/shop\/web -c eu-1/],
  },
  {
    what: 'takes a live value that looks as if it was cut',
    known: { drift: drift([{ ...image, live: cut }]) },
    takes: ['live /spec/image'],
  },
  {
    what: 'refuses the value of a Secret',
    known: {
      subject: 'Secret/shop/key',
      drift: drift([{ path: '/data/key', live: '(masked)', wanted: '(masked)', manager: 'kubectl-edit' }]),
    },
    says: ['refused', /\/data\/key is a value of a Secret.* by hand, encrypted/],
  },
  {
    what: 'takes a label of a Secret',
    known: { subject: 'Secret/shop/key', drift: drift([{ ...image, path: '/metadata/labels/a' }]) },
    takes: ['live /metadata/labels/a'],
  },
  {
    what: 'refuses an order of items',
    known: {
      drift: drift([{ path: '/spec/c', live: ['b', 'a'], wanted: ['a', 'b'], manager: 'unknown (reordered)' }]),
    },
    says: ['refused', /\/spec\/c has its items in another order/],
  },
]

describe('what of a hotfix is taken into Git', () => {
  for (const { what, known: about, choice, takes, notes = [], says } of rows)
    it(what, () => {
      const taken = take(known(about), { ...all, ...choice })
      if (taken.type !== 'taken') {
        assert.equal(taken.type, says?.[0], JSON.stringify(taken))
        return assert.match([taken.why].flat().join('\n'), says?.[1] ?? /^$/)
      }
      assert.deepEqual(
        taken.fields.map(({ from, path }) => `${from} ${path}`),
        takes,
      )
      assert.equal(taken.notes.length, notes.length, taken.notes.join('\n'))
      for (const [i, note] of notes.entries()) assert.match(taken.notes[i] ?? '', note)
    })
})
