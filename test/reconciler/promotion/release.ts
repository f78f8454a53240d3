import type { Rollout } from '../../../render/shipper/rollout.ts'

const step = (name: string, percent: number) => ({
  ...{ name, capacity: { incumbent: 100 - percent, contender: percent } },
  traffic: { incumbent: 100 - percent, contender: percent },
})

/** What a release is made of: a chart that goes through three steps. */
export const environment = {
  chart: { name: 'web', version: '1.0.0', repoUrl: 'https://charts.example.com' },
  clusterRequirements: { regions: [{ name: 'local' }] },
  strategy: { steps: [step('staging', 1), step('half', 50), step('full on', 100)] },
}

/** A release of `shop/web` on its way to its first step. */
export const release: Rollout = {
  ...{ namespace: 'shop', application: 'web', name: 'web-1-0', generation: 0, iteration: 0, hash: '1' },
  ...{ source: 'web.yaml', applicationLabels: {}, template: '1', digest: 'sha256:1', engine: 'helm v4' },
  ...{ clusters: ['a'], targetStep: 0, achievedStep: undefined, achievedIn: new Map(), complete: false },
  ...{
    retreating: false,
    failed: undefined,
    totalReplicas: new Map([['a', 1]]),
    percent: new Map(),
    weight: new Map(),
  },
  ...{ selectedIn: new Set<string>(), conditions: [], state: undefined, manifests: [], service: undefined },
  workload: 'Deployment.apps/shop/web',
  environment,
}
