import { getIn, isJsonObject, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { fleetLabel } from '../../../repo-layout/schema/common.ts'
import { labels, notes } from '../rollout.ts'
import { isRoute, withoutBackends } from '../routes.ts'
import { ownerOf, productionService, type RunningRelease } from './running.ts'

/**
 * What a release has in a cluster as its record would hold it: its own objects, and the shared ones with the content that they
 * have now, whichever release that is of. Without what steps change: replicas, weights and whom the Service selects.
 */
export function recordedObjects(
  { name, hash, clusters }: RunningRelease,
  cluster: string,
  objects: readonly KubeObject[],
  fleetName: string,
): readonly KubeObject[] {
  const here = clusters.get(cluster)
  const own = { [labels.release]: name, [labels.hash]: hash, [labels.owner]: name, [fleetLabel]: fleetName }
  const services = new Set(objects.filter(isOfRoutes).map(({ metadata }) => metadata.name))
  const production = productionService(objects)?.metadata.name
  return objects
    .filter((object) => !isOfRoutes(object) && (ownerOf(object) === name || isShared(object)))
    .map((found) =>
      production === undefined || !isRoute(found) ? found : withoutBackends(found, production, services),
    )
    .map((object) => {
      const made = { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...own } } }
      if (object === here?.workload)
        return withSpec(withoutNote(made, notes.release), (spec) => ({ ...spec, replicas: here.note.replicas }))
      return isProduction(object) ? withSpec(withoutNote(made, notes.traffic), byLabel) : made
    })
}

/** A Service that rendering adds for each release where routes lead to them. */
function isOfRoutes({ metadata }: KubeObject): boolean {
  return metadata.labels?.[labels.loadBalancer] === 'release'
}

/** Whether the name of an object does not vary with the release. */
function isShared(object: KubeObject): boolean {
  return !object.metadata.name.includes(ownerOf(object) ?? '')
}

/** A Service that selects pods which carry the traffic, or the release that holds all of it. */
function isProduction({ kind, spec }: KubeObject): boolean {
  const selector = getIn(spec, ['selector'])
  return (
    kind === 'Service' && isJsonObject(selector) && [labels.traffic, labels.release].some((label) => label in selector)
  )
}

/** The Service selects pods that carry the traffic, of whichever release. */
function byLabel(spec: JsonObject): JsonObject {
  const { [labels.release]: _holder, ...selector } = isJsonObject(spec.selector) ? spec.selector : ({} as JsonObject)
  return { ...spec, selector: { ...selector, [labels.traffic]: 'enabled' } }
}

function withSpec(object: KubeObject, change: (spec: JsonObject) => JsonObject): KubeObject {
  return { ...object, spec: change(isJsonObject(object.spec) ? object.spec : {}) }
}

function withoutNote(object: KubeObject, note: string): KubeObject {
  const { [note]: _gone, ...annotations } = object.metadata.annotations ?? {}
  return { ...object, metadata: { ...object.metadata, annotations } }
}
