import { clusterFolder, clusterScopeFolder } from '../../repo-layout/generated/path.ts'
import type { ClusterChanges } from './changes.ts'

const filesShown = 20
const clustersShown = 20
const groupsShown = 40

/**
 * What changes, as the body of a commit message: clusters in which the same happens stand together, each group with its
 * counts and up to 20 of its Subjects. Its length is bounded, however large the fleet. Pure.
 */
export function describeChanges(changes: readonly ClusterChanges[]): string {
  const groups = new Map<string, { readonly names: string[]; readonly change: ClusterChanges }>()
  for (const change of changes) {
    const lines = linesOf(change)
    if (lines.length === 0) continue
    const key = `${change.cluster === undefined}\n${lines.join('\n')}`
    const group = groups.get(key)
    if (group) group.names.push(change.cluster ?? '')
    else groups.set(key, { names: [change.cluster ?? ''], change })
  }
  const shown = [...groups.values()].slice(0, groupsShown).map(({ names, change }) => describeGroup(names, change))
  const rest = [...groups.values()].slice(groupsShown).reduce((sum, { names }) => sum + names.length, 0)
  return [...shown, ...(rest > 0 ? [`and other changes in ${rest} more`] : [])].join('\n')
}

/** How much changes, in words: `2 added, 1 removed`. */
export function countChanges(change: Omit<ClusterChanges, 'cluster'>): string {
  const counts = [
    [change.added.length, 'added'],
    [change.changed.length, 'changed'],
    [change.removed.length, 'removed'],
  ] as const
  return counts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ')
}

function describeGroup(names: readonly string[], change: ClusterChanges): string {
  const more = names.length - clustersShown
  const list = names.slice(0, clustersShown).join(', ') + (more > 0 ? ` and ${more} more` : '')
  const title = change.cluster === undefined ? 'decisions' : list
  const lines = linesOf(change)
  const hidden = lines.length - filesShown
  const tail = hidden > 0 ? [`  and ${hidden} more`] : []
  return [`${title}: ${countChanges(change)}`, ...lines.slice(0, filesShown).map((line) => `  ${line}`), ...tail].join(
    '\n',
  )
}

function linesOf(change: ClusterChanges): readonly string[] {
  const name = (path: string) => nameOf(path, change.cluster)
  return [
    ...change.added.map((path) => `+ ${name(path)}`),
    ...change.changed.map((path) => `~ ${name(path)}`),
    ...change.removed.map((path) => `- ${name(path)}`),
  ]
}

// Close to a Subject: a path holds names percent-encoded, and nothing decodes a path.
function nameOf(path: string, cluster: string | undefined): string {
  if (cluster === undefined) return path
  const inCluster = path.slice(clusterFolder(cluster).length)
  const [namespace, kind, name] = inCluster.replace(/\.yaml$/, '').split('/')
  if (namespace === undefined || kind === undefined || name === undefined) return inCluster
  return namespace === clusterScopeFolder ? `${kind}/${name}` : `${kind}/${namespace}/${name}`
}
