import type { Json, JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { listOf, objectOf } from '../defaults/fill.ts'
import type { Changed } from './controller.ts'

/** The owner reference that makes an object its owner's to look after. */
export function controlledBy({ apiVersion, kind, metadata }: KubeObject): JsonObject {
  return {
    apiVersion,
    kind,
    name: metadata.name,
    uid: metadata.uid as Json,
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** The reference to the controller of an object. */
function controllerOf(object: KubeObject): JsonObject | undefined {
  return listOf(object.metadata.ownerReferences)
    .map(objectOf)
    .find((owner) => owner.controller === true)
}

/** Names the controller of the changed object, where it is of this kind. */
export function controllerKey(kind: string): (changed: Changed) => readonly string[] {
  return ({ object }) => {
    const owner = controllerOf(object)
    return owner?.kind === kind ? [`${object.metadata.namespace ?? ''}/${String(owner.name)}`] : []
  }
}

/** Those of the objects that `owner` controls. */
export function ownedBy(owner: KubeObject, objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.filter((object) => controllerOf(object)?.uid === owner.metadata.uid)
}

/** Whether somebody has begun to delete an object. */
export function isEnding({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined
}
