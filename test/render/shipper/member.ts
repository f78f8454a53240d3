import { isAbout } from '../../../render/shipper/release-files.ts'
import { blobOid, treeDigest } from '../../../repo-layout/generated/oid.ts'
import { getIn, isJsonObject, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import type { ClusterObservation } from '../../../repo-layout/observations.ts'
import { parse } from './rehearsal.ts'

/** A cluster with one application that takes over what it is told late, starts pods late and labels them late. */
export interface Member {
  /** Takes over the folder that the generated tree has for it under this name; pods that are too many end at once, and so do those of what is gone. */
  apply(texts: ReadonlyMap<string, string>, name: string): void
  /** Starts at most so many pods of each release that lacks some. */
  start(count: number): void
  /** Labels pods as the weights say. */
  label(): void
  /** How many pods serve. */
  serving(): number
  /** What is seen of it now. */
  observation(): ClusterObservation
}

/** Begins with nothing. */
export function createMember(): Member {
  let files: readonly (readonly [path: string, object: JsonObject, oid: string])[] = []
  const pods = new Map<string, number>()
  let labelled = new Set<string>()

  const wanted = () =>
    new Map(
      files.flatMap(([, object]) => {
        const release = getIn(object, ['metadata', 'labels', 'shipper-release'])
        const replicas = getIn(object, ['spec', 'replicas'])
        return object.kind === 'Deployment' && typeof release === 'string' ? [[release, Number(replicas)] as const] : []
      }),
    )
  const digestOf = (release: string) =>
    treeDigest(
      files.flatMap(([path, object, oid]) => (isAbout(object as KubeObject, release) ? [[path, oid] as const] : [])),
    )
  const service = () => files.find(([, { kind }]) => kind === 'Service')?.[1]
  const weighted = () => {
    const weights = getIn(service(), ['metadata', 'annotations', 'flotilla.dev/traffic'])
    const parsed: unknown = typeof weights === 'string' ? JSON.parse(weights) : {}
    return new Set(
      Object.entries(isJsonObject(parsed) ? parsed : {}).flatMap(([one, weight]) => (Number(weight) > 0 ? [one] : [])),
    )
  }
  const served = (): ReadonlySet<string> => {
    if (!service()) return new Set()
    const one = getIn(service(), ['spec', 'selector', 'shipper-release'])
    return typeof one === 'string' ? new Set([one]) : labelled
  }

  return {
    apply(texts, name) {
      const folder = `clusters/${name}/`
      const own = [...texts]
        .filter(([path]) => path.startsWith(folder))
        .map(([path, text]) => [path.slice(folder.length), text] as const)
      files = own.map(([path, text]) => [path, parse(text), blobOid(Buffer.from(text))] as const)
      const to = wanted()
      for (const [release, count] of pods) {
        const most = to.get(release)
        if (most === undefined) pods.delete(release)
        else pods.set(release, Math.min(count, most))
      }
    },
    start(count) {
      for (const [release, most] of wanted()) pods.set(release, Math.min(most, (pods.get(release) ?? 0) + count))
    },
    label() {
      labelled = weighted()
    },
    serving: () => [...served()].reduce((sum, release) => sum + (pods.get(release) ?? 0), 0),
    observation() {
      const keys = [...wanted().keys()]
      const weights = weighted()
      const isReady = (release: string) => served().has(release) === weights.has(release)
      return {
        reachable: true,
        applied: { releases: Object.fromEntries(keys.map((release) => [`default/${release}`, digestOf(release)])) },
        releases: Object.fromEntries(
          keys.map((release) => [
            `default/${release}`,
            { installed: true, availableReplicas: pods.get(release) ?? 0, trafficReady: isReady(release) },
          ]),
        ),
      }
    },
  }
}
