import { stringify } from 'yaml'
import type { Json } from '../../repo-layout/json.ts'

/** The clusters of the story; each is a real control plane. */
export const clusterNames = ['eu-1', 'eu-2', 'us-1'] as const
export type ClusterName = (typeof clusterNames)[number]

const regions: { readonly [name in ClusterName]: string } = { 'eu-1': 'eu-west', 'eu-2': 'eu-north', 'us-1': 'us-east' }

/** Where the workload is said to run; the story changes and reads it. */
export const workloadPath = 'workloads/web.yaml'

/** A federated Deployment of twelve replicas, divided evenly; the region of `eu-2` has none of them yet. */
const workload = `apiVersion: types.kubefed.io/v1beta1
kind: FederatedDeployment
metadata: {name: web, namespace: shop}
spec:
  placement:
    clusterSelector:
      matchExpressions:
        - {key: topology.kubernetes.io/region, operator: In, values: [eu-west, us-east]}
  template:
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
            - name: web
              image: registry.example.com/web:1.4
---
apiVersion: scheduling.kubefed.io/v1alpha1
kind: ReplicaSchedulingPreference
metadata: {name: web, namespace: shop}
spec:
  targetKind: FederatedDeployment
  totalReplicas: 12
  rebalance: true
  intersectWithClusterSelector: true
`

/** The files of the fleet repository, by path; `kubeconfigs` says how each cluster is reached. */
export function fleetFiles(kubeconfigs: ReadonlyMap<ClusterName, string>): ReadonlyMap<string, string> {
  const document = (kind: string, metadata: Json, spec: Json) =>
    stringify({ apiVersion: 'flotilla.dev/v1alpha1', kind, metadata, spec })
  return new Map([
    ['flotilla.yaml', document('Fleet', { name: 'acme' }, { sync: { timeout: '2m' } })],
    ...clusterNames.map(
      (name) =>
        [
          `clusters/${name}.yaml`,
          document(
            'Cluster',
            { name, labels: { 'topology.kubernetes.io/region': regions[name] } },
            { connection: { kubeConfigFile: { path: kubeconfigs.get(name) ?? '' } } },
          ),
        ] as const,
    ),
    [workloadPath, workload],
  ])
}

/** A policy of a cluster's owners, and its binding: images come from one registry. */
export const registryPolicy = {
  name: 'image',
  policy: {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'image' },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] },
        ],
      },
      validations: [
        {
          expression: "object.spec.template.spec.containers.all(c, c.image.startsWith('registry.example.com/'))",
          message: 'use registry.example.com',
        },
      ],
    },
  },
  binding: {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'image' },
    spec: { policyName: 'image', validationActions: ['Deny'] },
  },
} as const
