import assert from 'node:assert/strict'
import { type MessageFacts, releaseMessage } from '../../../../reconciler/member/traffic/release-message.ts'
import { pod } from './support.ts'

const nothing: MessageFacts = { items: [], pods: [], service: 'web', traffic: undefined, isHeld: false }
const fine = { target: 1, serving: 1, achievedWeight: 0, isReady: true, waiting: [], kept: [] }
const item = { subject: 'Deployment.apps/shop/web', action: 'created', message: '', live: undefined } as const
const failing = { workload: { failure: 'exceeded quota: pods' } } as MessageFacts['items'][number]['live']
const awaited = { message: 'generation 2 not yet seen by x.io/gateway' } as MessageFacts['items'][number]['live']

const cases: readonly (readonly [what: string, facts: Partial<MessageFacts>, message: string])[] = [
  ['nothing where all is well', { items: [item], pods: [pod('a', 'r0')], traffic: fine }, ''],
  [
    'the object that is not applied',
    { items: [item, { ...item, action: 'failed', message: 'admission denied it' }] },
    'Deployment.apps/shop/web: admission denied it',
  ],
  [
    'that pods cannot be created',
    { items: [{ ...item, live: failing }] },
    'pods cannot be created: exceeded quota: pods',
  ],
  [
    'the first pod that is not ready, and how many are not',
    {
      pods: [
        pod('c', 'r0'),
        pod('b', 'r0', { isReady: false, reason: 'second' }),
        pod('a', 'r0', { isReady: false, reason: 'first' }),
      ],
    },
    '2 of 3 pods not ready: a first',
  ],
  [
    'that routes would not find pods that are ready',
    { unserved: [pod('a', 'r0'), pod('b', 'r0')], own: 'web-r0' },
    '2 pods wait to become an endpoint of Service web-r0',
  ],
  [
    'that a route is not taken up',
    { awaited: { subject: 'HTTPRoute.gateway.networking.k8s.io/shop/web', live: awaited } },
    'HTTPRoute.gateway.networking.k8s.io/shop/web: generation 2 not yet seen by x.io/gateway',
  ],
  [
    'that its Service waits for labels',
    { isHeld: true },
    'Service web goes over to labels when enough ready pods carry theirs',
  ],
  [
    'that ready pods are no endpoints, and that others go on for them',
    { traffic: { ...fine, waiting: [pod('a', 'r0')], kept: [pod('b', 'r0'), pod('c', 'r0')] } },
    '1 pod waits to become an endpoint of Service web; 2 pods keep traffic until others can take it over',
  ],
]

describe('what a release wants for', () => {
  for (const [what, facts, message] of cases)
    it(`says ${what}`, () => {
      assert.equal(releaseMessage({ ...nothing, ...facts }), message)
    })
})
