import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { timeText } from '../backend.ts'
import { numberOf, objectOf, textOf } from '../defaults/fill.ts'
import { type Controller, itself, parseKey, type Tools } from './controller.ts'
import { deploymentStatus } from './deployment-status.ts'
import { controlledBy, controllerKey, isEnding, ownedBy } from './owners.ts'
import { templateHash } from './pods.ts'
import { planRollout, type SetSize } from './rollout.ts'

const manager = 'kube-controller-manager'
const storage = 'deployments.apps'
const revision = 'deployment.kubernetes.io/revision'

/** Moves the pods of a Deployment from one ReplicaSet to another, and says how far it has come. */
export const deploymentController: Controller = {
  name: 'deployment',
  watches: { [storage]: itself, 'replicasets.apps': controllerKey('Deployment') },
  sync(key, tools) {
    const { client } = tools
    const { namespace, name } = parseKey(key)
    const found = client.get(storage, namespace, name)
    if (!found || isEnding(found)) return
    const spec = objectOf(found.spec)
    const hash = templateHash(objectOf(spec.template))
    const setsNow = () => ownedBy(found, client.list('replicasets.apps', namespace)).filter((set) => !isEnding(set))
    let current = setsNow().find((set) => hashOf(set) === hash)
    if (!current && spec.paused !== true) {
      current = client.create(manager, setFor(found, hash, nextRevision(setsNow())))
    } else if (current && revisionOf(current) < latest(setsNow())) {
      const turned = nextRevision(setsNow())
      current = client.update(manager, current, (live) => annotated(live, turned))
    }
    const deployment =
      current === undefined
        ? found
        : (client.update(manager, found, (live) => annotated(live, revisionOf(current))) ?? found)
    if (spec.paused !== true) scale(deployment, setsNow(), hash, tools)
    prune(deployment, setsNow(), hash, tools)
    report(deployment, setsNow(), hash, tools)
  },
}

function hashOf(set: KubeObject): string {
  return set.metadata.labels?.['pod-template-hash'] ?? ''
}

function revisionOf(object: KubeObject): number {
  return Number(object.metadata.annotations?.[revision] ?? 0)
}

function latest(sets: readonly KubeObject[]): number {
  return Math.max(0, ...sets.map(revisionOf))
}

function nextRevision(sets: readonly KubeObject[]): number {
  return latest(sets) + 1
}

function annotated(object: KubeObject, value: number): KubeObject {
  const annotations = { ...object.metadata.annotations, [revision]: String(value) }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

function setFor(deployment: KubeObject, hash: string, turn: number): KubeObject {
  const spec = objectOf(deployment.spec)
  const template = objectOf(spec.template)
  const metadata = objectOf(template.metadata)
  const labels = { ...objectOf(metadata.labels), 'pod-template-hash': hash }
  const selector = objectOf(spec.selector)
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: { [revision]: String(turn) },
      ownerReferences: [controlledBy(deployment)],
    },
    spec: {
      replicas: 0,
      selector: { ...selector, matchLabels: { ...objectOf(selector.matchLabels), 'pod-template-hash': hash } },
      template: { ...template, metadata: { ...metadata, labels } },
      ...(spec.minReadySeconds !== undefined && { minReadySeconds: spec.minReadySeconds }),
    },
  } as unknown as KubeObject
}

function sizeOf(set: KubeObject): SetSize {
  return {
    replicas: numberOf(objectOf(set.spec).replicas),
    available: numberOf(objectOf(set.status).availableReplicas),
  }
}

function scale(deployment: KubeObject, sets: readonly KubeObject[], hash: string, { client }: Tools): void {
  const current = sets.find((set) => hashOf(set) === hash)
  if (!current) return
  const old = sets.filter((set) => set !== current).sort((a, b) => revisionOf(a) - revisionOf(b))
  const plan = planRollout(objectOf(deployment.spec), sizeOf(current), old.map(sizeOf))
  const resize = (set: KubeObject, replicas: number) => {
    if (numberOf(objectOf(set.spec).replicas) === replicas) return
    client.update(manager, set, (live) => ({ ...live, spec: { ...objectOf(live.spec), replicas } }) as KubeObject)
  }
  resize(current, plan.current)
  for (const [i, set] of old.entries()) resize(set, plan.old[i] ?? 0)
}

/** Old ReplicaSets are kept for a rollback, up to a limit. */
function prune(deployment: KubeObject, sets: readonly KubeObject[], hash: string, { client }: Tools): void {
  const limit = numberOf(objectOf(deployment.spec).revisionHistoryLimit, 10)
  const idle = sets
    .filter(
      (set) => hashOf(set) !== hash && sizeOf(set).replicas === 0 && numberOf(objectOf(set.status).replicas) === 0,
    )
    .sort((a, b) => revisionOf(b) - revisionOf(a))
  for (const set of idle.slice(limit)) client.remove(set)
}

function report(deployment: KubeObject, sets: readonly KubeObject[], hash: string, tools: Tools): void {
  const { client, clock } = tools
  const current = sets.find((set) => hashOf(set) === hash)
  const counts = sets.map((set) => ({ ...objectOf(set.status), isCurrent: set === current }) as JsonObject)
  const { status, deadlineMs } = deploymentStatus(
    deployment,
    textOf(current?.metadata.name),
    counts,
    timeText(clock.now()),
  )
  client.setStatus(manager, deployment, status)
  if (deadlineMs !== undefined)
    tools.again(
      `${deployment.metadata.namespace}/${deployment.metadata.name}`,
      Math.max(0, deadlineMs - clock.now()) + 1,
    )
}
