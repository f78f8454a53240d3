import assert from 'node:assert/strict'
import { releaseService } from '../../../render/shipper/release-service.ts'
import type { Json, JsonObject, KubeObject } from '../../../repo-layout/json.ts'

const release = { name: 'web-5c6f-0', application: 'web' }

function service(spec: JsonObject, metadata: JsonObject = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop', ...metadata }, spec }
}

const port = (number: number, more: JsonObject = {}): JsonObject => ({ port: number, targetPort: 'http', ...more })

describe('the Service of a release', () => {
  it('is reached within the cluster alone, whatever the production Service is', () => {
    const production = service(
      {
        type: 'LoadBalancer',
        clusterIP: '10.0.0.7',
        clusterIPs: ['10.0.0.7'],
        externalIPs: ['192.0.2.1'],
        externalTrafficPolicy: 'Local',
        allocateLoadBalancerNodePorts: false,
        loadBalancerSourceRanges: ['192.0.2.0/24'],
        healthCheckNodePort: 30_100,
        ipFamilyPolicy: 'PreferDualStack',
        sessionAffinity: 'ClientIP',
        ports: [port(80, { name: 'http', nodePort: 30_080, appProtocol: 'http' })],
        selector: { app: 'web', 'shipper-app': 'web', 'shipper-traffic-status': 'enabled' },
      },
      {
        labels: { app: 'web', 'shipper-lb': 'production', 'shipper-release': 'web-1-0', 'shipper-owned-by': 'web-1-0' },
        annotations: { 'external-dns.alpha.kubernetes.io/hostname': 'web.example.com', team: 'shop' },
      },
    )
    assert.deepEqual(
      releaseService(production, [], release, () => false),
      service(
        {
          ipFamilyPolicy: 'PreferDualStack',
          sessionAffinity: 'ClientIP',
          type: 'ClusterIP',
          selector: { 'shipper-app': 'web', 'shipper-release': 'web-5c6f-0' },
          ports: [port(80, { name: 'http', appProtocol: 'http' })],
        },
        {
          name: 'web-5c6f-0',
          labels: {
            app: 'web',
            'shipper-lb': 'release',
            'shipper-release': 'web-5c6f-0',
            'shipper-owned-by': 'web-5c6f-0',
          },
          annotations: { team: 'shop' },
        },
      ),
    )
  })

  const cases: readonly (readonly [string, readonly Json[], readonly Json[], readonly Json[]])[] = [
    ['its own alone where they are the same', [port(80)], [port(80)], [port(80)]],
    [
      'those of other releases too, so that a route may name either',
      [port(80, { name: 'http' })],
      [port(8080, { name: 'http' })],
      [port(80, { name: 'http' }), port(8080, { name: 'http-8080' })],
    ],
    [
      'with names, as several must have',
      [port(80)],
      [port(53, { protocol: 'UDP' })],
      [port(80, { name: 'port-80' }), port(53, { protocol: 'UDP', name: 'port-53' })],
    ],
  ]
  for (const [what, own, others, expected] of cases) {
    it(`has ports: ${what}`, () => {
      const made = releaseService(service({ ports: own }), [service({ ports: others })], release, () => false)
      assert.deepEqual((made.spec as JsonObject).ports, expected)
    })
  }

  for (const [what, name, taken, expected] of [
    ['is named for its release', 'web-5c6f-0', [], 'web-5c6f-0'],
    ['has another name where the chart has a Service of that name', 'web-5c6f-0', ['web-5c6f-0'], 'web-5c6f-0-route'],
    ['has a name that a Service may have', '2.web-5c6f-0', [], 'r-2-web-5c6f-0'],
  ] as const) {
    it(what, () => {
      const names: readonly string[] = taken
      const isTaken = (subject: string) => names.some((one) => subject === `Service/shop/${one}`)
      assert.equal(releaseService(service({}), [], { ...release, name }, isTaken).metadata.name, expected)
    })
  }
})
