import assert from 'node:assert/strict'
import type { Api, Place } from '../../../reconciler/member/api.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import { createTrials } from '../../../reconciler/plan/trials.ts'
import type { KubeObject } from '../../../repo-layout/json.ts'

const place: Place = {
  ...{ namespace: 'shop', name: 'a' },
  resource: {
    ...{ group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: [] },
  } as unknown as Place['resource'],
}

function configMap(v: string, uid?: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', ...(uid ? { uid } : {}) }, data: { v } }
}

/** A cluster that counts how often it is asked, and gives each manifest back as an object of its own. */
function clusterOf(uid: string, refuses = false): { readonly api: Api; asked(): number } {
  let asked = 0
  const apply: Api['apply'] = async (_place, manifest, options) => {
    assert.equal(options?.dryRun, true)
    asked++
    if (refuses)
      throw new ApiError('quota exceeded', { type: 'rejected', status: 403, reason: 'Forbidden', causes: [] })
    return { created: false, object: { ...manifest, metadata: { ...manifest.metadata, uid } } }
  }
  return { api: { apply } as Api, asked: () => asked }
}

describe('asking clusters what an apply would do', () => {
  it('asks a few of a class, and gives the others the answer as if of their own object', async () => {
    const trials = createTrials({ dryRun: true, clustersPerClass: 2 })
    const clusters = Array.from({ length: 10 }, (_, i) => clusterOf(`u${i}`))
    const answers = await Promise.all(
      clusters.map(({ api }, i) =>
        trials.of('v1')(api, configMap('1', `u${i}`), { place, manifest: configMap('2'), options: { uid: `u${i}` } }),
      ),
    )
    assert.equal(
      clusters.reduce((sum, one) => sum + one.asked(), 0),
      2,
    )
    assert.deepEqual(
      answers.map(({ object }) => [object.metadata.uid, object.data]),
      clusters.map((_, i) => [`u${i}`, { v: '2' }]),
    )
  })

  it('asks again for another class, another manifest, another live object, and after a refusal', async () => {
    const trials = createTrials({ dryRun: true, clustersPerClass: 1 })
    const ask = (name: string, before: KubeObject, manifest: KubeObject, one = clusterOf('u')) =>
      trials
        .of(name)(one.api, before, { place, manifest, options: {} })
        .then(
          () => one.asked(),
          () => -one.asked(),
        )
    assert.equal(await ask('v1', configMap('1'), configMap('2')), 1)
    assert.equal(await ask('v1', configMap('1'), configMap('2')), 0)
    assert.equal(await ask('v2', configMap('1'), configMap('2')), 1)
    assert.equal(await ask('v1', configMap('1'), configMap('3')), 1)
    assert.equal(await ask('v1', configMap('0'), configMap('2')), 1)
    assert.equal(await ask('v1', configMap('5'), configMap('6'), clusterOf('u', true)), -1)
    assert.equal(await ask('v1', configMap('5'), configMap('6')), 1)
  })

  it('asks nobody where dry runs are off', async () => {
    const trials = createTrials({ dryRun: false })
    const one = clusterOf('u')
    const ask = (before: KubeObject | undefined, v: string) =>
      trials.of('v1')(one.api, before, { place, manifest: configMap(v), options: {} })
    const live = { ...configMap('1', 'u'), immutable: false }
    assert.deepEqual((await ask(undefined, '1')).created, true)
    assert.equal((await ask(live, '1')).object, live, 'what is so already stays')
    assert.deepEqual((await ask(live, '2')).object, { ...live, data: { v: '2' } })
    assert.equal(one.asked(), 0)
  })
})
