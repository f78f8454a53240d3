import assert from 'node:assert/strict'
import { systemClock } from '../../../reconciler/clock.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import type { Method, Transport } from '../../../reconciler/member/transport.ts'
import type { Member } from '../../../reconciler/member/types.ts'
import type { KubeObject } from '../../../repo-layout/json.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { sharedControlPlane } from '../../testbed/shared.ts'
import {
  apply,
  configMap,
  desired,
  eventually,
  memberOf,
  namespace,
  objectOf,
  read,
  send,
  settings,
  unique,
  valueAt,
} from './support.ts'

/** What goes wrong with a request: before the server saw it, or after it was done. */
type Fault = { readonly when: 'before' | 'after'; readonly error: ApiError } | undefined

const lostAnswer: Fault = { when: 'after', error: new ApiError('connection reset', { type: 'unreachable' }) }
const inTrouble: Fault = {
  when: 'before',
  error: new ApiError('etcdserver: leader changed', { type: 'server', status: 500, retryAfterMs: 100 }),
}

describeMembers('a member: one in trouble', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })

  /** A member whose requests fail as `fault` says. */
  async function troubled<T>(
    fault: (method: Method, path: string) => Fault,
    test: (member: Member) => Promise<T>,
    change: Partial<Parameters<typeof memberOf>[1]> = {},
  ): Promise<T> {
    const connection = { type: 'file', path: plane.kubeconfigPath, context: undefined } as const
    const real = connect(
      { name: plane.name, connection, proxyURL: '', serviceAccountName: '' },
      { clock: systemClock, readSecret: async () => undefined },
    )
    const transport: Transport = {
      ...real,
      async request(method, path, options) {
        const one = fault(method, path)
        if (one?.when === 'before') throw one.error
        const answer = await real.request(method, path, options)
        if (one) throw one.error
        return answer
      },
    }
    const member = memberOf(plane, { transport, ...change })
    try {
      return await test(member)
    } finally {
      await member.stop()
    }
  }

  const maps = (ns: string, k: string): readonly KubeObject[] => [
    namespace(ns),
    ...Array.from({ length: 12 }, (_, i) => configMap(ns, `c${i}`, { k })),
  ]
  const path = (ns: string, i: number) => `/api/v1/namespaces/${ns}/configmaps/c${i}`

  it('goes on after answers were lost, knows its own work again, and prunes all of it in the end', async () => {
    const ns = unique('lost')
    const set = settings()
    let patches = 0
    const fault = (method: Method, to: string) =>
      method === 'PATCH' && to.includes(ns) && ++patches % 5 === 0 && patches < 30 ? lostAnswer : undefined
    await troubled(fault, async (member) => {
      member.setDesired(desired(...maps(ns, '1')), set)
      await eventually(() => member.status().sync === 'synced', 'everything', 40_000)
      assert(patches >= 13)
      assert.deepEqual(
        member.status().objects.filter(({ message, action }) => message !== '' || action === 'failed'),
        [],
      )
      await apply(member, desired(namespace(ns)), set)
      await eventually(() => member.status().sync === 'synced', 'the pruning', 20_000)
      for (let i = 0; i < 12; i++) assert.equal(await read(plane, path(ns, i)), undefined)
    })
  })

  it('comes through a burst of 500s, with the others applied meanwhile', async () => {
    const ns = unique('burst')
    const set = settings()
    let left = 10
    const fault = (method: Method, to: string) =>
      method === 'PATCH' && to.includes('/configmaps/') && left > 0 && left-- > 0 ? inTrouble : undefined
    await troubled(fault, async (member) => {
      await apply(member, desired(...maps(ns, '1')), set)
      assert(member.status().applied >= 1)
      await eventually(() => member.status().sync === 'synced', 'everything', 20_000)
      assert.equal(left, 0)
      assert.equal(await valueAt(plane, path(ns, 11), ['data', 'k']), '1')
    })
  })

  it('applies nothing new while the inventory cannot be written, and says so', async () => {
    const ns = unique('blocked')
    const set = settings()
    let broken = true
    const fault = (method: Method, to: string) =>
      broken && method !== 'GET' && to.includes('flotilla-system') ? inTrouble : undefined
    await troubled(fault, async (member) => {
      member.setDesired(desired(...maps(ns, '1')), set)
      await eventually(() => /the inventory cannot be written: etcdserver/.test(member.status().message), 'the problem')
      assert.equal(member.status().sync, 'degraded')
      assert.equal(await read(plane, `/api/v1/namespaces/${ns}`), undefined)
      broken = false
      await eventually(() => member.status().sync === 'synced', 'everything', 20_000)
    })
  })

  it('is left alone where it runs a generated commit that is no ancestor of ours', async () => {
    const ns = unique('ancestor')
    const set = settings()
    await troubled(
      () => undefined,
      (member) => apply(member, desired(...maps(ns, '1')), set),
    )
    const commit = desired(...maps(ns, '1')).commit
    await troubled(
      () => undefined,
      async (member) => {
        await apply(member, desired(...maps(ns, '2')), set)
        assert.equal(member.status().sync, 'degraded')
        assert.match(member.status().message, new RegExp(`runs generated commit ${commit}, which is no ancestor`))
        assert.equal(await valueAt(plane, path(ns, 0), ['data', 'k']), '1')
      },
      { isKnownCommit: async (asked) => asked !== commit },
    )
  })

  it('is noticed when it hangs with all its connections open, and comes back with what drifted meanwhile', async () => {
    const ns = unique('frozen')
    const set = settings()
    // Time runs twenty times as fast for the member: its heartbeat asks only after 45 seconds of silence.
    const start = Date.now()
    const clock = {
      now: () => start + (Date.now() - start) * 20,
      after: (ms: number, task: () => void) => systemClock.after(ms / 20, task),
    }
    await troubled(
      () => undefined,
      async (member) => {
        await apply(member, desired(...maps(ns, '1')), set)
        assert.equal(member.status().sync, 'synced')
        plane.freeze()
        try {
          await eventually(() => member.status().sync === 'unreachable', 'noticing it')
          assert.equal(member.observe().reachable, false)
        } finally {
          plane.thaw()
        }
        await send(plane, 'PATCH', path(ns, 3), { data: { k: 'by hand' } })
        await eventually(() => member.status().sync === 'synced', 'the return', 18_000)
        await eventually(async () => (await valueAt(plane, path(ns, 3), ['data', 'k'])) === '1', 'the heal')
      },
      { clock },
    )
  }).timeout(60_000)

  it('is stopped within seconds although a write is never answered', async () => {
    const ns = unique('hangs')
    let hanging: (() => void) | undefined
    const connection = { type: 'file', path: plane.kubeconfigPath, context: undefined } as const
    const real = connect(
      { name: plane.name, connection, proxyURL: '', serviceAccountName: '' },
      { clock: systemClock, readSecret: async () => undefined },
    )
    const closed = new AbortController()
    const transport: Transport = {
      ...real,
      request(method, to, options) {
        if (method !== 'PATCH' || !to.includes(`/${ns}/`)) return real.request(method, to, options)
        hanging?.()
        return new Promise((_resolve, reject) => {
          closed.signal.addEventListener('abort', () => reject(new ApiError('closed', { type: 'unreachable' })))
        })
      },
      close() {
        closed.abort()
        return real.close()
      },
    }
    const member = memberOf(plane, { transport })
    const reached = new Promise<void>((resolve) => {
      hanging = resolve
    })
    member.setDesired(desired(namespace(ns), configMap(ns, 'c', { k: '1' })), settings())
    await reached
    const since = Date.now()
    await member.stop()
    assert(Date.now() - since < 9000)
    assert.equal(objectOf(member, `ConfigMap/${ns}/c`).action === 'created', false)
  })
})
