import { getIn, type KubeObject } from '../../repo-layout/json.ts'
import { annotations, fleetLabel } from '../../repo-layout/schema/common.ts'
import { formatSubject, type Subject, subjectOf } from '../../repo-layout/subject.ts'
import { accountLabel } from '../join/manifests.ts'
import type { Place } from '../member/api.ts'
import { isClusterWide, isRejected, messageOf } from '../member/errors.ts'
import { inventoryNamespace, madeByUs } from '../member/inventory.ts'
import { markOf, type Owner } from '../member/manifest.ts'
import type { Session } from '../member/session.ts'
import { inventoryName } from '../member/shards.ts'
import { isStandard } from '../member/standard.ts'
import { isNotListed, listAll, type ServedKinds } from './kinds.ts'
import type { Left } from './types.ts'

/** One of our own objects in a member, as it was found. */
export interface Own {
  readonly subject: Subject
  readonly place: Place
}

const namespaceSubject = formatSubject({ group: '', kind: 'Namespace', namespace: undefined, name: inventoryNamespace })

/**
 * What Flotilla keeps in a member for itself: the key of a fleet's Secrets, its ConfigMaps, and last the one with the
 * inventory's header, which fences other daemons for as long as it is there.
 */
export async function ownObjects(session: Session, { fleetName }: Owner): Promise<readonly Own[]> {
  const { api, transport } = session
  const name = inventoryName(fleetName)
  const key = await own(session, `Secret/${inventoryNamespace}/${name}-key`)
  const { resource } = await api.place('v1', `ConfigMap/${inventoryNamespace}/${name}-0`)
  const maps = (await listAll(transport, resource, inventoryNamespace, `${fleetLabel}=${fleetName}`))
    // What the fleet applied carries an id, and is let go like anything else.
    .filter(
      (map) => map.metadata.name.startsWith(`${name}-`) && markOf(map, 'annotations', annotations.id) === undefined,
    )
    .map(({ metadata }): Own => {
      const subject = `ConfigMap/${inventoryNamespace}/${metadata.name}`
      return { subject, place: { resource, namespace: inventoryNamespace, name: metadata.name } }
    })
  const isHeader = (one: Own) => one.place.name === `${name}-0`
  return [...key, ...maps.filter((one) => !isHeader(one)), ...maps.filter(isHeader)]
}

async function own({ api }: Session, subject: Subject): Promise<readonly Own[]> {
  const place = await api.place('v1', subject)
  try {
    return (await api.get(place)) ? [{ subject, place }] : []
  } catch (error) {
    // Who may not read it could not write it either.
    if (!isRejected(error, 403)) throw error
    return []
  }
}

/** Throws `InventoryLostError` where another daemon has raised the epoch since we did. */
export async function mustBeInOurHands({ api, inventory }: Session, { fleetName }: Owner): Promise<void> {
  const place = await api.place('v1', `ConfigMap/${inventoryNamespace}/${inventoryName(fleetName)}-0`)
  const header = await api.get(place)
  if (header) inventory.checkTakeover(header)
}

/**
 * Deletes one of our own objects in the state in which it is read here. Throws `InventoryLostError` where
 * another daemon took the cluster over meanwhile.
 */
export async function removeOwn({ api, inventory }: Session, { place }: Own): Promise<void> {
  for (let tries = 1; ; tries++) {
    const live = await api.get(place)
    if (!live) return
    if (live.kind === 'ConfigMap') inventory.checkTakeover(live)
    try {
      await api.remove(place, live)
      return
    } catch (error) {
      if (!isRejected(error, 409) || tries >= 10) throw error
    }
  }
}

const accountKinds: ReadonlySet<string> = new Set([
  'ServiceAccount',
  'Secret',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
])

/** What `flotilla cluster add` made in a member, as far as it may be seen: it stays, since this may be who we work as. */
export async function accountObjects(
  { transport }: Session,
  { fleetName }: Owner,
  { resources }: ServedKinds,
): Promise<readonly Left[]> {
  const left: Left[] = []
  for (const resource of resources.filter(({ kind }) => accountKinds.has(kind))) {
    try {
      const objects = await listAll(transport, resource, undefined, `${accountLabel}=${fleetName}`)
      left.push(...objects.map((object) => ({ subject: subjectOf(object), why: accountWhy })))
    } catch (error) {
      if (isClusterWide(error) || !isNotListed(error)) throw error
    }
  }
  return left
}

const accountWhy = 'made by "flotilla cluster add"; delete it with kubectl once nobody works as this account'

/** The namespace of inventories, and why it stays; undefined where there is none, `why` empty where it may go. */
export interface OwnNamespace extends Left {
  readonly place: Place
  readonly live: KubeObject
}

/** Looks whether the namespace of inventories was made by us and holds nothing but `own` and what every namespace holds. */
export async function ownNamespace(
  session: Session,
  { resources, unread }: ServedKinds,
  own: readonly Own[],
): Promise<OwnNamespace | undefined> {
  const place = await session.api.place('v1', namespaceSubject)
  const live = await session.api.get(place)
  if (!live) return undefined
  const answer = (why: string): OwnNamespace => ({ subject: namespaceSubject, place, live, why })
  const [key, value] = madeByUs
  if (getIn(live, ['metadata', 'labels', key]) !== value) return answer('it was not made by Flotilla')
  if (unread.length > 0) return answer('it cannot be told what else is in it')
  const ours = new Set(own.map(({ subject }) => subject))
  const others: Subject[] = []
  for (const resource of resources.filter(({ namespaced }) => namespaced)) {
    try {
      const objects = await listAll(session.transport, resource, inventoryNamespace)
      others.push(...objects.filter(({ kind, metadata }) => !isStandard(kind, metadata.name)).map(subjectOf))
    } catch (error) {
      if (isClusterWide(error)) throw error
      if (isNotListed(error) && !isRejected(error, 403)) continue
      return answer(`it cannot be told what else is in it: ${messageOf(error)}`)
    }
  }
  const foreign = others.filter((subject) => !ours.has(subject)).sort()
  if (foreign.length === 0) return answer('')
  return answer(`others use it: ${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ', …' : ''}`)
}
