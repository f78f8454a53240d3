import assert from 'node:assert/strict'
import { fnv1a } from '../../../render/fnv.ts'
import type { ReleaseEnvironment } from '../../../render/shipper/environment.ts'
import { environmentHash, environmentJson, releaseName } from '../../../render/shipper/hash.ts'
import type { Json } from '../../../repo-layout/json.ts'
import cases from '../../cases/shipper-release.json' with { type: 'json' }

const { vectors } = cases.environmentHash

const environment: ReleaseEnvironment = {
  chart: { name: 'nginx', version: '0.0.1', repoUrl: '' },
  clusterRequirements: {},
}

function valuesJson(values: Readonly<Record<string, Json>>): string {
  return environmentJson({ ...environment, values }).match(/"values":(.*),"clusterRequirements"/)?.[1] ?? ''
}

describe('releases are named as Shipper names them', () => {
  for (const { json, hash, kind, name = kind } of vectors) {
    it(name, () => {
      assert.equal(fnv1a(json).toString(16), hash)
      if (json.includes('"sidecars"')) return
      assert.equal(environmentJson(JSON.parse(json)), json)
      assert.equal(environmentHash(JSON.parse(json)), hash)
    })
  }

  it('by application, hash and iteration', () => {
    assert.equal(releaseName('super-server', '71fd5980', 0), 'super-server-71fd5980-0')
  })

  it('whatever order the fields of a manifest stand in', () => {
    const sorted = JSON.parse(vectors[1]?.json ?? '') as ReleaseEnvironment
    const turned = (value: Json): Json => {
      if (Array.isArray(value)) return value.map(turned)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, one]) => [key, turned(one as Json)]),
      )
    }
    assert.equal(environmentHash(turned(sorted as unknown as Json) as unknown as ReleaseEnvironment), vectors[1]?.hash)
  })

  it('with what is absent as Go writes it: null, or not at all', () => {
    assert.equal(
      environmentJson(environment),
      '{"chart":{"name":"nginx","version":"0.0.1","repoUrl":""},"values":null,"clusterRequirements":{"regions":null}}',
    )
    assert.match(environmentJson({ ...environment, values: {} }), /"values":\{\}/)
    const requirements = { regions: [{ name: 'a', replicas: 0 }, { name: 'b' }], capabilities: ['gpu'] }
    assert.match(
      environmentJson({ ...environment, clusterRequirements: requirements, strategy: {} }),
      /"clusterRequirements":\{"regions":\[\{"name":"a","replicas":0\},\{"name":"b"\}\],"capabilities":\["gpu"\]\},"strategy":\{"steps":null\}\}$/,
    )
    assert.doesNotMatch(
      environmentJson({ ...environment, clusterRequirements: { capabilities: [] } }),
      /capabilities|strategy/,
    )
  })

  it('with overrides behind everything that Shipper has, and without them as if there were none', () => {
    assert.equal(environmentJson({ ...environment, overrides: [] }), environmentJson(environment))
    const entry = { values: { b: 1, a: null }, clusterName: 'c1' }
    const json = environmentJson({ ...environment, overrides: [entry, { clusterSelector: {}, values: {} }] })
    const before = environmentJson(environment).slice(0, -1)
    const written = '[{"clusterName":"c1","values":{"a":null,"b":1}},{"clusterSelector":{},"values":{}}]'
    assert.equal(json, `${before},"overrides":${written}}`)
  })

  it('with texts, keys and numbers as Go writes them', () => {
    assert.equal(valuesJson({ '\u{1f600}': 1, '\uffee': 2, B: 3, a: 4 }), '{"B":3,"a":4,"\uffee":2,"\u{1f600}":1}')
    assert.equal(
      valuesJson({ a: 'x"\\\n\r\t\b\f\u0001\u007f/' }),
      '{"a":"x\\"\\\\\\n\\r\\t\\u0008\\u000c\\u0001\u007f/"}',
    )
    assert.equal(valuesJson({ '<&>': '\u2028\u2029é' }), '{"\\u003c\\u0026\\u003e":"\\u2028\\u2029é"}')
    assert.equal(
      valuesJson({ a: [1e20, 1e21, 1e-6, 1e-7, -0, 0.1] }),
      '{"a":[100000000000000000000,1e+21,0.000001,1e-7,0,0.1]}',
    )
    assert.equal(valuesJson({ a: null, b: [true, {}] }), '{"a":null,"b":[true,{}]}')
  })
})
