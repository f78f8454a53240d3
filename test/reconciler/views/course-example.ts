import type { Course } from '../../../render/shipper/course.ts'
import type { SharedChange } from '../../../render/shipper/takeovers.ts'

const [old, next] = ['web-5c6f0a11-0', 'web-9a1e77c2-0']
const workload = `Deployment.apps/shop/${old}`
const clusters = ['eu-1', 'eu-2']
const staging = { index: 0, name: 'staging' }
const half = { index: 1, name: 'half' }

function shared(subject: string, change: Partial<SharedChange>): SharedChange {
  return { subject, clusters, fields: [], usedBy: [], ...change }
}

/** Shared objects that a second version takes over with its first traffic. */
const takeover: Course['takeovers'][number] = {
  ...{ from: old, to: next, when: 'traffic', step: 1 },
  changes: [
    shared('ConfigMap/shop/settings', {
      fields: ['/data/greeting', '/data/page'],
      usedBy: [{ workload, uses: ['mount', 'start'] }],
    }),
    shared('Secret/shop/token', {
      clusters: ['eu-1'],
      fields: ['/data/token'],
      usedBy: [{ workload, uses: ['start'] }],
    }),
    shared('Service/shop/web', {
      fields: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `/metadata/annotations/${name}`),
      usedBy: [{ workload, uses: ['traffic'] }],
    }),
    shared('ConfigMap/shop/unused', { fields: ['/data/a'] }),
  ],
  stays: [shared('ConfigMap/shop/legacy', { usedBy: [{ workload, uses: ['mount'] }] })],
}

const base = {
  application: 'shop/web',
  release: next,
  incumbent: old,
  clusters,
  kept: 3,
}

/** A changed template: a release that begins. */
export const beginning: Course = {
  ...base,
  ...{ change: 'begins', to: staging, next: half, takeovers: [takeover], afterwards: 'command' },
  moves: [{ type: 'capacity', release: next, from: 0, to: 1, clusters, moves: 1 }],
}

/** A command: a release that goes on to the step at which it gets traffic. */
export const going: Course = {
  ...base,
  ...{ change: 'moves', from: staging, to: half, takeovers: [takeover], afterwards: 'automatic' },
  next: { index: 2, name: 'full on' },
  moves: [
    { type: 'capacity', release: next, from: 1, to: 50, clusters, moves: 3 },
    { type: 'traffic', release: next, from: 0, to: 50, clusters, moves: 1 },
    { type: 'traffic', release: old, from: 100, to: 50, clusters: ['eu-1'], moves: 1 },
    { type: 'capacity', release: old, from: 100, to: 50, clusters, moves: 3 },
  ],
}

/** One that is given up again. */
export const givenUp: Course = {
  ...base,
  ...{ change: 'givenUp', from: half, to: half, afterwards: 'end' },
  takeovers: [
    { ...takeover, from: next, to: old, when: 'noTraffic', changes: takeover.changes.slice(0, 1), stays: [] },
  ],
  moves: [
    { type: 'capacity', release: old, from: 50, to: 100, clusters, moves: 1 },
    { type: 'traffic', release: next, from: 50, to: 0, clusters, moves: 1 },
    { type: 'capacity', release: next, from: 50, to: 0, clusters, moves: 1 },
  ],
}

/** The one that the page about rollouts shows. */
export const shown: Course = {
  ...going,
  afterwards: 'command',
  takeovers: [
    {
      ...takeover,
      changes: [
        shared('ConfigMap/shop/settings', { fields: ['/data/greeting'], usedBy: [{ workload, uses: ['mount'] }] }),
      ],
      stays: [],
    },
  ],
  moves: going.moves.map((move) => ({ ...move, clusters, moves: 1 })),
}
