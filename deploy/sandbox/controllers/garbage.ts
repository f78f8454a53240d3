import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { listOf, objectOf, textOf } from '../defaults/fill.ts'
import { type Changed, type Controller, parseKey, type Tools } from './controller.ts'
import { isEnding } from './owners.ts'

const manager = 'kube-controller-manager'

/**
 * Deletes what has owners and none of them left, lets go of what an owner leaves behind on purpose (orphan), and holds an
 * owner that waits for its dependents (foreground). A key is an owner's uid, followed by the object that is asked about.
 */
export const garbageCollector: Controller = {
  name: 'garbage-collector',
  watches: {
    '*': ({ object, gone }: Changed) => {
      const uid = textOf(object.metadata.uid)
      const owned = owners(object)
      // An owner that waits in the foreground may have nothing left to wait for.
      if (gone) return [uid, ...owned.map((reference) => textOf(reference.uid))].map((one) => `owner/${one}`)
      if (isEnding(object)) return [`owner/${uid}`]
      return owned.length > 0 ? [`owned/${uid}`] : []
    },
  },
  sync(key, tools) {
    const { client } = tools
    const { namespace: role, name: uid } = parseKey(key)
    // Whatever concerns this object holds its uid somewhere in its text.
    const related = client.mentioning(uid)
    const object = related.find((one) => one.metadata.uid === uid)
    const dependents = related.filter((one) => owners(one).some((reference) => reference.uid === uid))
    if (role === 'owned') {
      if (object) collect(object, tools)
      return
    }
    const finalizers = object ? listOf(object.metadata.finalizers) : []
    if (object && isEnding(object) && finalizers.includes('orphan')) {
      for (const dependent of dependents) release(dependent, uid, tools)
      dropFinalizer(object, 'orphan', tools)
    } else if (object && isEnding(object) && finalizers.includes('foregroundDeletion')) {
      for (const dependent of dependents)
        if (!isEnding(dependent)) client.remove(dependent, { propagation: 'Foreground' })
      if (!client.mentioning(uid).some((one) => blocks(one, uid))) dropFinalizer(object, 'foregroundDeletion', tools)
    } else if (!object) for (const dependent of dependents) collect(dependent, tools)
  },
}

function owners(object: KubeObject): readonly JsonObject[] {
  return listOf(object.metadata.ownerReferences).map(objectOf)
}

function blocks(object: KubeObject, uid: string): boolean {
  return owners(object).some((reference) => reference.uid === uid && reference.blockOwnerDeletion === true)
}

/** An owner counts only where it is the very object, in the namespace of the dependent or in none. */
function exists({ apiVersion, kind, name, uid }: JsonObject, dependent: KubeObject, { client }: Tools): boolean {
  const resource = client.resource(textOf(apiVersion), textOf(kind))
  if (!resource) return true
  const namespace = resource.namespaced ? (dependent.metadata.namespace ?? '') : ''
  return client.get(resource.storage, namespace, textOf(name))?.metadata.uid === uid
}

function collect(object: KubeObject, tools: Tools): void {
  if (isEnding(object) || owners(object).some((reference) => exists(reference, object, tools))) return
  if (owners(object).length > 0) tools.client.remove(object)
}

function release(object: KubeObject, uid: string, { client }: Tools): void {
  client.update(manager, object, (live) => {
    const { ownerReferences: _, ...metadata } = live.metadata
    const kept = owners(live).filter((reference) => reference.uid !== uid)
    return {
      ...live,
      metadata: { ...metadata, ...(kept.length > 0 && { ownerReferences: kept }) },
    } as unknown as KubeObject
  })
}

function dropFinalizer(owner: KubeObject, finalizer: string, { client }: Tools): void {
  client.update(manager, owner, (live) => {
    const finalizers = listOf(live.metadata.finalizers).filter((one) => one !== finalizer)
    return { ...live, metadata: { ...live.metadata, finalizers } } as unknown as KubeObject
  })
}
