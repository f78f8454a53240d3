import { groupOf } from '../../repo-layout/subject.ts'
import type { Resource } from '../member/discovery.ts'
import { inventoryNamespace } from '../member/inventory.ts'

/** Something that an account is to be allowed, and why. */
export interface Right {
  /** `''` for the core group. */
  readonly group: string
  /** The plural, as RBAC names it. */
  readonly resource: string
  readonly verbs: readonly string[]
  /** Where: in one namespace, or undefined for everywhere. */
  readonly namespace: string | undefined
  readonly why: string
}

/** What is done to objects that are applied, watched, healed and pruned. */
export const applyVerbs = ['get', 'list', 'watch', 'create', 'patch', 'delete'] as const

/**
 * The least rights that Flotilla needs in a member that runs these resources, and perhaps applications whose traffic it shifts.
 * Everything is asked for in all namespaces, for there is one watch a kind; the inventory and its key lie in a namespace of our
 * own.
 */
export function leastRights(resources: readonly Resource[], hasApplications: boolean): readonly Right[] {
  const own = new Set(['/namespaces'])
  const applied = resources
    .map(({ apiVersion, plural }) => ({ group: groupOf(apiVersion), resource: plural }))
    .filter(({ group, resource }) => !own.has(`${group}/${resource}`))
  const isApplied = (plural: string, of = '') =>
    applied.some(({ group, resource }) => group === of && resource === plural)
  const everywhere = { namespace: undefined }
  return [
    {
      group: '',
      resource: 'namespaces',
      verbs: applyVerbs,
      ...everywhere,
      why: 'which cluster this is; namespaces of what is applied',
    },
    ...applied.map((one) => ({ ...one, verbs: applyVerbs, ...everywhere, why: 'applied by this fleet' })),
    ...(isApplied('configmaps')
      ? []
      : [
          {
            group: '',
            resource: 'configmaps',
            verbs: ['list', 'watch'],
            ...everywhere,
            why: 'the watch of the inventory',
          },
        ]),
    ...(isApplied('pods') ? [] : [{ group: '', resource: 'pods', ...everywhere, ...podRight(hasApplications) }]),
    ...(isApplied('endpointslices', slices) || !hasApplications
      ? []
      : [
          {
            group: slices,
            resource: 'endpointslices',
            verbs: ['get', 'list', 'watch'],
            ...everywhere,
            why: 'which pods of applications get traffic',
          },
        ]),
    {
      group: '',
      resource: 'configmaps',
      verbs: ['get', 'list', 'watch', 'create', 'update', 'delete'],
      namespace: inventoryNamespace,
      why: 'the inventory of what was applied',
    },
    {
      group: '',
      resource: 'secrets',
      verbs: ['get', 'create', 'delete'],
      namespace: inventoryNamespace,
      why: 'the key of the fingerprints of Secrets',
    },
  ]
}

const slices = 'discovery.k8s.io'

function podRight(hasApplications: boolean): Pick<Right, 'verbs' | 'why'> {
  return hasApplications
    ? { verbs: ['get', 'list', 'watch', 'patch'], why: 'labels of applications’ pods shift their traffic' }
    : { verbs: ['list'], why: 'replica scheduling counts them' }
}

/** Kinds that a cluster lets nobody write who may not do what is written there. */
export function grantsRights({ apiVersion, plural }: Resource): boolean {
  return groupOf(apiVersion) === 'rbac.authorization.k8s.io' && plural !== ''
}
