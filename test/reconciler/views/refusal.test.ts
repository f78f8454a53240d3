import assert from 'node:assert/strict'
import { reasonFirst } from '../../../reconciler/views/refusal.ts'

const cases: readonly (readonly [said: string, shown: string])[] = [
  [
    "ValidatingAdmissionPolicy 'image' with binding 'image' denied request: use registry.example.com",
    'denied: use registry.example.com (policy image)',
  ],
  [
    `deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'a.b' with binding 'c' denied request: no`,
    'denied: no (policy a.b)',
  ],
  [
    'admission webhook "validate.kyverno.svc-fail" denied the request: resource Deployment/web was blocked: labels',
    'denied: resource Deployment/web was blocked: labels (webhook validate.kyverno.svc-fail)',
  ],
  ['pods "web" is forbidden: exceeded quota: small, requested: pods=1', 'exceeded quota: small, requested: pods=1'],
  ['Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1', 'spec.replicas: Invalid value: -1'],
  [
    'admission webhook "a.b" denied the request without explanation',
    'admission webhook "a.b" denied the request without explanation',
  ],
  ['the image cannot be pulled', 'the image cannot be pulled'],
  ['', ''],
]

describe('a refusal where room is scarce', () => {
  for (const [said, shown] of cases)
    it(`says the reason first: ${shown || 'nothing'}`, () => {
      assert.equal(reasonFirst(said), shown)
    })
})
