import assert from 'node:assert/strict'
import { applicationsOf } from '../../../../reconciler/member/traffic/application.ts'
import { notes } from '../../../../render/shipper/rollout.ts'
import { treeDigest } from '../../../../repo-layout/generated/oid.ts'
import type { KubeObject } from '../../../../repo-layout/json.ts'
import { configMap, desired } from '../support.ts'
import { release, service } from './support.ts'

const read = (...objects: readonly KubeObject[]) => applicationsOf(desired(...objects).objects.values())

describe('the applications of a cluster', () => {
  it('are found by the annotation of their objects, and nothing else', () => {
    const found = read(release('shop', 'r0', 1), service('shop', { r0: 1 }), configMap('shop', 'other', {}))
    const application = found.get('shop/web')
    assert.deepEqual([...found.keys()], ['shop/web'])
    const { digest: _bytes, ...first } = application?.releases.get('r0') ?? { digest: '' }
    assert.deepEqual(first, {
      name: 'r0',
      subjects: ['Deployment.apps/shop/r0', 'Service/shop/web'],
      workloads: ['Deployment.apps/shop/r0'],
      routes: [],
      service: undefined,
    })
    assert.equal(application?.service?.holder, undefined)
  })

  it('have the routes of a release, and its own Service while it is to have pods', () => {
    const own = (name: string): KubeObject => {
      const { metadata, ...rest } = service('shop', { [name]: 1 })
      const marks = {
        labels: { ...metadata.labels, 'shipper-lb': 'release' },
        annotations: { [notes.application]: 'shop/web' },
      }
      return { ...rest, metadata: { ...metadata, name, ...marks } }
    }
    const { metadata } = own('r1')
    const route = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { ...metadata, name: 'web' },
    }
    const workloads = [release('shop', 'r0', 0), release('shop', 'r1', 1)]
    const found = read(...workloads, service('shop', { r0: 0, r1: 1 }), own('r0'), own('r1'), route).get('shop/web')
    assert.equal(found?.service?.name, 'web')
    assert.deepEqual(
      ['r0', 'r1'].map((name) => [found?.releases.get(name)?.service, found?.releases.get(name)?.routes]),
      [
        [undefined, []],
        ['r1', ['HTTPRoute.gateway.networking.k8s.io/shop/web']],
      ],
    )
  })

  it('have a digest for each release: of its own objects by path and content, and of the Service that says the weights', () => {
    const both = [release('shop', 'r0', 1), release('shop', 'r1', 1)]
    const state = desired(...both, service('shop', { r0: 1, r1: 1 }), configMap('shop', 'other', {}))
    const oid = (subject: string) => state.objects.get(subject)?.oid ?? ''
    const releases = applicationsOf(state.objects.values()).get('shop/web')?.releases
    for (const name of ['r0', 'r1'])
      assert.equal(
        releases?.get(name)?.digest,
        treeDigest([
          [`shop/Deployment.apps/${name}.yaml`, oid(`Deployment.apps/shop/${name}`)],
          ['shop/Service/web.yaml', oid('Service/shop/web')],
        ]),
      )
  })

  it('have their traffic shifted by labels, or held by the one release that the Service selects', () => {
    const both = [release('shop', 'r0', 1), release('shop', 'r1', 1)]
    const weights = new Map([
      ['r0', 0],
      ['r1', 100],
    ])
    const mixed = read(...both, service('shop', { r0: 0, r1: 100 })).get('shop/web')?.service
    assert.deepEqual(mixed, { subject: 'Service/shop/web', name: 'web', weights, holder: undefined })
    const single = read(...both, service('shop', { r0: 0, r1: 100 }, 'r1')).get('shop/web')?.service
    assert.deepEqual(single, { subject: 'Service/shop/web', name: 'web', weights, holder: 'r1' })
  })

  it('have no traffic to shift without a Service that says the weights', () => {
    const { metadata, ...rest } = service('shop', { r0: 1 })
    const annotations = { [notes.application]: 'shop/web' }
    const application = read(release('shop', 'r0', 1), { ...rest, metadata: { ...metadata, annotations } }).get(
      'shop/web',
    )
    assert.equal(application?.service, undefined)
    assert.equal(application?.problem, '')
  })

  for (const [what, text] of [
    ['no JSON', 'r0=1'],
    ['no object', '[1]'],
    ['a weight that is no number', '{"r0":"1"}'],
    ['a weight below nothing', '{"r0":-1}'],
  ])
    it(`name what is wrong where the weights are ${what}`, () => {
      const { metadata, ...rest } = service('shop', { r0: 1 })
      const annotations = { ...metadata.annotations, [notes.traffic]: text ?? '' }
      const application = read({ ...rest, metadata: { ...metadata, annotations } }).get('shop/web')
      assert.equal(application?.service, undefined)
      assert.match(
        application?.problem ?? '',
        /Service\/shop\/web: annotation flotilla.dev\/traffic must be a JSON object/,
      )
    })

  it('name the Services where more than one is to bring the traffic', () => {
    const one = service('shop', { r0: 1 })
    const two = { ...one, metadata: { ...one.metadata, name: 'web-2' } }
    const application = read(one, two).get('shop/web')
    assert.equal(application?.service, undefined)
    assert.match(application?.problem ?? '', /2 Services for its traffic: Service\/shop\/web, Service\/shop\/web-2/)
  })
})
