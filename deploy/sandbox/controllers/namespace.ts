import type { KubeObject } from '../../../repo-layout/json.ts'
import { timeText } from '../backend.ts'
import { listOf, objectOf } from '../defaults/fill.ts'
import { type Controller, itself, parseKey, type Tools } from './controller.ts'
import { isEnding } from './owners.ts'
import { withCondition } from './pods.ts'

const manager = 'kube-controller-manager'

/** Empties a namespace that ends, and lets it go when nothing is left. */
export const namespaceController: Controller = {
  name: 'namespace',
  watches: {
    namespaces: itself,
    '*': ({ object, gone }, { client }) => {
      const { namespace } = object.metadata
      const owner = gone && namespace !== undefined ? client.get('namespaces', '', namespace) : undefined
      return owner && isEnding(owner) ? [owner.metadata.name] : []
    },
  },
  sync(key, tools) {
    const { client } = tools
    const { name } = parseKey(key)
    const namespace = client.get('namespaces', '', name)
    if (!namespace || !isEnding(namespace)) return
    const contents = () => client.storages().flatMap((storage) => client.list(storage, name))
    for (const object of contents()) if (!isEnding(object)) client.remove(object)
    const left = contents()
    if (left.length > 0) return report(namespace, left, tools)
    const finalizers = listOf(objectOf(namespace.spec).finalizers).filter((one) => one !== 'kubernetes')
    client.finalize(namespace, finalizers)
  },
}

/** Says what a namespace waits for. */
function report(namespace: KubeObject, left: readonly KubeObject[], { client, clock }: Tools): void {
  const held = left.filter((object) => listOf(object.metadata.finalizers).length > 0)
  const status = objectOf(namespace.status)
  const time = timeText(clock.now())
  const conditions = [
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${kinds(left)}`,
    },
    {
      type: 'NamespaceFinalizersRemaining',
      status: held.length > 0 ? 'True' : 'False',
      reason: held.length > 0 ? 'SomeFinalizersRemain' : 'ContentHasNoFinalizers',
      message:
        held.length > 0
          ? `Some content in the namespace has finalizers remaining: ${kinds(held)}`
          : 'All content-preserving finalizers finished',
    },
  ].reduce(
    (before, condition) => withCondition(before, condition, time),
    listOf(status.conditions).map(objectOf) as ReturnType<typeof withCondition>,
  )
  client.setStatus(manager, namespace, { ...status, conditions })
}

function kinds(objects: readonly KubeObject[]): string {
  const counts = new Map<string, number>()
  for (const { kind } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => `${kind} has ${count} resource instances`).join(', ')
}
