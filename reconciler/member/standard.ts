import { getIn, isJsonArray, isJsonObject, type JsonObject } from '../../repo-layout/json.ts'

const standard: ReadonlySet<string> = new Set(['ConfigMap/kube-root-ca.crt', 'ServiceAccount/default'])

/** Whether Kubernetes puts an object of this kind and name into each namespace by itself. */
export function isStandard(kind: string, name: string): boolean {
  return standard.has(`${kind}/${name}`)
}

/** The owner that controls a live object, as its ownerReferences say; undefined where none does. */
export function controllerOf(live: JsonObject): JsonObject | undefined {
  const owners = getIn(live, ['metadata', 'ownerReferences'])
  return isJsonArray(owners) ? owners.filter(isJsonObject).find(({ controller }) => controller === true) : undefined
}
