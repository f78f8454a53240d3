import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { applicationsOf } from '../../reconciler/member/traffic/application.ts'
import { planTraffic } from '../../reconciler/member/traffic/plan.ts'
import { whyNotReady } from '../../reconciler/member/traffic/reason.ts'
import { releaseMessage } from '../../reconciler/member/traffic/release-message.ts'
import type { KubeObject } from '../../repo-layout/json.ts'
import { desired } from '../reconciler/member/support.ts'
import { pod } from '../reconciler/member/traffic/support.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/rollouts.md'), 'utf8')
const traffic = text.split(/^## /m).find((part) => part.startsWith('Traffic\n')) ?? ''

describe('docs/rollouts.md: traffic', () => {
  const example = parse(/```yaml\n([\s\S]*?)```/.exec(traffic)?.[1] ?? '') as KubeObject
  const { service } = applicationsOf(desired(example).objects.values()).get('shop/web') ?? {}

  it('shows a Service whose weights are read, and whose traffic goes by labels', () => {
    assert.deepEqual(
      [...(service?.weights ?? [])],
      [
        ['web-5c6f-0', 50],
        ['web-9a1e-0', 50],
      ],
    )
    assert.equal(service?.holder, undefined)
  })

  it('says how coarse weights are', () => {
    assert.ok(service)
    const weights = new Map([
      ['old', 100],
      ['new', 1],
    ])
    const pods = [pod('old-1', 'old'), pod('old-2', 'old'), pod('new-1', 'new')]
    const { releases } = planTraffic({ ...service, weights }, { pods, serving: new Set(), replicas: new Map() })
    assert.match(traffic, /with two pods of 100 and one of 1, the one gets a third/)
    assert.deepEqual([releases.get('old')?.target, releases.get('new')?.target], [2, 1])
  })

  it('shows a message as it is written', () => {
    const waiting = { reason: 'ErrImagePull', message: 'not found' }
    const status = { containerStatuses: [{ name: 'app', image: 'shop/web:9', ready: false, state: { waiting } }] }
    const reason = whyNotReady({ status })
    const of = 'web-9a1e-0'
    const unready = { isReady: false, reason }
    const pods = [pod(`${of}-z`, of), pod(`${of}-x7k2p`, of, unready), pod(`${of}-y`, of, unready)]
    const message = releaseMessage({ items: [], pods, service: 'web', traffic: undefined, isHeld: false })
    assert.ok(traffic.includes(`\`${message}\``), message)
  })
})
