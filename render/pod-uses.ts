import {
  getIn,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonPath,
  type KubeObject,
} from '../repo-layout/json.ts'
import { labelSelector } from '../repo-layout/schema/common.ts'
import { groupOf, kindWithGroup, type Subject } from '../repo-layout/subject.ts'
import { selects } from './selector.ts'

/** What the pods of a workload have to do with an object that is none of its own. */
export type PodUse =
  /** A volume of theirs: what runs sees a change. */
  | 'mount'
  /** Their environment, or a file by `subPath`: only pods that start see a change. */
  | 'start'
  | 'serviceAccount'
  | 'imagePull'
  /** It carries traffic to them. */
  | 'traffic'
  /** It says how many there are. */
  | 'scaling'
  /** It selects them, and says what may be done to them. */
  | 'selection'

/** What the pods of a workload have to do with an object. */
export interface WorkloadUse {
  readonly workload: Subject
  readonly uses: readonly PodUse[]
}

/** What the pods of a workload have to do with an object, in the order of `PodUse`; empty where it is nothing that a manifest says. */
export function podUses(object: KubeObject, workload: KubeObject): readonly PodUse[] {
  const { namespace } = object.metadata
  const pod = getIn(workload, ['spec', 'template', 'spec'])
  if (!isJsonObject(pod) || namespace !== workload.metadata.namespace) return []
  return possible(object, workload, pod).flatMap(([use, is]) => (is ? [use] : []))
}

type Possible = readonly (readonly [PodUse, boolean])[]

function possible(object: KubeObject, workload: KubeObject, pod: JsonObject): Possible {
  const { name } = object.metadata
  switch (kindWithGroup(object.kind, groupOf(object.apiVersion))) {
    case 'ConfigMap':
      return configUses(pod, name, { key: 'configMap', name: 'name', ref: 'configMap' })
    case 'Secret': {
      const isPulledWith = isNamedIn(pod, ['imagePullSecrets'], ['name'], name)
      return [
        ...configUses(pod, name, { key: 'secret', name: 'secretName', ref: 'secret' }),
        ['imagePull', isPulledWith],
      ]
    }
    case 'PersistentVolumeClaim':
      return [['mount', isNamedIn(pod, ['volumes'], ['persistentVolumeClaim', 'claimName'], name)]]
    case 'ServiceAccount':
      return [['serviceAccount', pod.serviceAccountName === name || pod.serviceAccount === name]]
    case 'Service': {
      const matchLabels = getIn(object, ['spec', 'selector'])
      // A Service without a selector leads wherever somebody says by hand.
      const isEmpty = !isJsonObject(matchLabels) || Object.keys(matchLabels).length === 0
      return [['traffic', !isEmpty && isSelectedBy({ matchLabels }, workload)]]
    }
    case 'PodDisruptionBudget.policy':
      return [['selection', isSelectedBy(getIn(object, ['spec', 'selector']), workload)]]
    case 'NetworkPolicy.networking.k8s.io':
      return [['selection', isSelectedBy(getIn(object, ['spec', 'podSelector']), workload)]]
    default:
      return [['scaling', ['scaleTargetRef', 'targetRef'].some((ref) => isTarget(object, ref, workload))]]
  }
}

/** How pods name what they are configured by, as a volume and in their environment. */
interface ConfigKind {
  readonly key: string
  readonly name: string
  readonly ref: string
}

function configUses(pod: Json, name: string, { key, name: named, ref }: ConfigKind): Possible {
  const volumes = listIn(pod, ['volumes']).filter(
    (volume) =>
      getIn(volume, [key, named]) === name || isNamedIn(volume, ['projected', 'sources'], [key, 'name'], name),
  )
  const names = new Set(volumes.map((volume) => getIn(volume, ['name'])))
  const containers = [...listIn(pod, ['containers']), ...listIn(pod, ['initContainers'])]
  const mounts = containers
    .flatMap((container) => listIn(container, ['volumeMounts']))
    .filter((mount) => names.has(getIn(mount, ['name'])))
  // A file that is mounted by subPath is never written again.
  const isFixed = (mount: Json) =>
    getIn(mount, ['subPath']) !== undefined || getIn(mount, ['subPathExpr']) !== undefined
  const inEnvironment = containers.some(
    (container) =>
      isNamedIn(container, ['env'], ['valueFrom', `${ref}KeyRef`, 'name'], name) ||
      isNamedIn(container, ['envFrom'], [`${ref}Ref`, 'name'], name),
  )
  return [
    ['mount', mounts.some((mount) => !isFixed(mount))],
    ['start', inEnvironment || mounts.some(isFixed)],
  ]
}

function listIn(value: Json | undefined, path: JsonPath): readonly Json[] {
  const list = getIn(value, path)
  return isJsonArray(list) ? list : []
}

function isNamedIn(value: Json | undefined, list: JsonPath, at: JsonPath, name: string): boolean {
  return listIn(value, list).some((item) => getIn(item, at) === name)
}

/** Whether a selector selects the pods of a workload; one that is missing selects nothing. */
function isSelectedBy(selector: Json | undefined, workload: KubeObject): boolean {
  const labels = getIn(workload, ['spec', 'template', 'metadata', 'labels'])
  const { data } = labelSelector.safeParse(selector)
  return data !== undefined && isJsonObject(labels) && selects(data, labels as Readonly<Record<string, string>>)
}

function isTarget(object: KubeObject, ref: string, { apiVersion, kind, metadata }: KubeObject): boolean {
  const target = getIn(object, ['spec', ref])
  const group = getIn(target, ['apiVersion'])
  return (
    getIn(target, ['kind']) === kind &&
    getIn(target, ['name']) === metadata.name &&
    (typeof group !== 'string' || groupOf(group) === groupOf(apiVersion))
  )
}
