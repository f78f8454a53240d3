import type { JsonObject } from '../../../repo-layout/json.ts'
import { fill, inside } from './fill.ts'

/** The spec of a claim, also in a StatefulSet's template. */
export function claimSpec(spec: JsonObject): JsonObject {
  return fill(spec, { volumeMode: 'Filesystem' })
}

/** What Kubernetes fills into a PersistentVolumeClaim. */
export function claim(object: JsonObject): JsonObject {
  const filled = fill(inside(object, 'spec', claimSpec), { status: {} })
  return inside(filled, 'status', (status) => fill(status, { phase: 'Pending' }))
}

/** What Kubernetes fills into a PersistentVolume. */
export function volume(object: JsonObject): JsonObject {
  const filled = fill(object, { status: {} })
  const spec = inside(filled, 'spec', (value) =>
    fill(value, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }),
  )
  return inside(spec, 'status', (status) => fill(status, { phase: 'Pending' }))
}

/** What Kubernetes fills into a StorageClass. */
export function storageClass(object: JsonObject): JsonObject {
  return fill(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' })
}
