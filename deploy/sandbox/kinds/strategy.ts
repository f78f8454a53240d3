import type { KubeObject } from '../../../repo-layout/json.ts'
import type { Backend } from '../backend.ts'
import type { Resource } from '../resources/resource.ts'
import type { Cause } from '../status.ts'
import { claimStrategy } from './claim.ts'
import { customStrategy } from './custom.ts'
import { configMapStrategy, secretStrategy } from './data.ts'
import { definitionStrategy } from './definition.ts'
import { ingressStrategy } from './ingress.ts'
import { jobStrategy } from './job.ts'
import { namespaceStrategy } from './namespace.ts'
import { podStrategy } from './pod.ts'
import { serviceStrategy } from './service.ts'
import { daemonSetStrategy, deploymentStrategy, replicaSetStrategy, statefulSetStrategy } from './workload.ts'

/** What changes the generation of an object. */
export type GenerationRule = 'spec' | 'specOrAnnotations' | 'allButMetadata'

/** What is particular to a kind when its objects are written. Everything is optional. */
export interface Strategy {
  readonly generation?: GenerationRule
  /** `false` where an update must name the resourceVersion. */
  readonly unconditionalUpdate?: boolean
  /** `true` where a PUT of an object that does not exist creates it. */
  readonly createOnUpdate?: boolean
  /** `true` where the status given at creation counts. */
  readonly keepsStatus?: boolean
  /** Fills in what the server decides, after the defaults. */
  prepareCreate?(object: KubeObject, backend: Backend): KubeObject
  prepareUpdate?(next: KubeObject, live: KubeObject, backend: Backend): KubeObject
  /** What is wrong with an object. */
  validate?(object: KubeObject): readonly Cause[]
  /** What is wrong with a change. */
  validateUpdate?(next: KubeObject, live: KubeObject): readonly Cause[]
}

const bySpec: Strategy = { generation: 'spec' }

const strategies: Readonly<Record<string, Strategy>> = {
  namespaces: namespaceStrategy,
  nodes: { keepsStatus: true },
  pods: podStrategy,
  configmaps: configMapStrategy,
  secrets: secretStrategy,
  services: serviceStrategy,
  persistentvolumeclaims: claimStrategy,
  events: { createOnUpdate: true },
  endpoints: { createOnUpdate: true },
  limitranges: { createOnUpdate: true },
  'deployments.apps': deploymentStrategy,
  'replicasets.apps': replicaSetStrategy,
  'daemonsets.apps': daemonSetStrategy,
  'statefulsets.apps': statefulSetStrategy,
  'jobs.batch': jobStrategy,
  'cronjobs.batch': bySpec,
  'ingresses.networking.k8s.io': ingressStrategy,
  'networkpolicies.networking.k8s.io': bySpec,
  'endpointslices.discovery.k8s.io': { generation: 'allButMetadata' },
  'poddisruptionbudgets.policy': { generation: 'spec', unconditionalUpdate: false },
  'leases.coordination.k8s.io': { createOnUpdate: true, unconditionalUpdate: false },
  'roles.rbac.authorization.k8s.io': { createOnUpdate: true },
  'rolebindings.rbac.authorization.k8s.io': { createOnUpdate: true },
  'clusterroles.rbac.authorization.k8s.io': { createOnUpdate: true },
  'clusterrolebindings.rbac.authorization.k8s.io': { createOnUpdate: true },
  'customresourcedefinitions.apiextensions.k8s.io': definitionStrategy,
}

const plain: Strategy = {}

/** What is particular to a resource. */
export function strategyOf(resource: Resource): Strategy {
  return resource.custom ? customStrategy(resource) : (strategies[resource.storage] ?? plain)
}
