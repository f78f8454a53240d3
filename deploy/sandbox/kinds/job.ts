import { type Json, type JsonObject, jsonEqual, type KubeObject } from '../../../repo-layout/json.ts'
import { fill, inside, objectOf } from '../defaults/fill.ts'
import { invalid } from '../validate/causes.ts'
import { podSpecCauses } from './pod-spec.ts'
import { selectorCauses } from './selector.ts'
import type { Strategy } from './strategy.ts'

/** Jobs get a selector of their own, and their template never changes. */
export const jobStrategy: Strategy = {
  generation: 'spec',
  prepareCreate(object) {
    const spec = objectOf(object.spec)
    if (spec.manualSelector === true) return object
    const selected = withSelector(spec, object)
    // Labels that were taken from the template are the template's, and get what it gets.
    const own = objectOf(objectOf(spec.template).metadata).labels
    const shared = own !== undefined && jsonEqual(object.metadata.labels, own)
    const metadata = shared
      ? { ...object.metadata, labels: objectOf(objectOf(selected.template).metadata).labels }
      : object.metadata
    return { ...object, metadata, spec: selected } as KubeObject
  },
  validate: (object) => [
    ...selectorCauses('Job', objectOf(object.spec).selector, labelsOf(object)),
    ...podSpecCauses(objectOf(objectOf(object.spec).template).spec, 'spec.template.spec', ['OnFailure', 'Never']),
  ],
  validateUpdate(next, live) {
    const [now, before] = [objectOf(next.spec), objectOf(live.spec)]
    return ['completions', 'selector', 'template', 'completionMode', 'podFailurePolicy', 'backoffLimitPerIndex']
      .filter((field) => {
        const part = (spec: JsonObject) =>
          field === 'template' && before.suspend === true ? fixed(spec.template) : spec[field]
        return !jsonEqual(part(now) ?? null, part(before) ?? null)
      })
      .map((field) => invalid(`spec.${field}`, now[field] ?? null, 'field is immutable'))
  },
}

/** Where the pods of a suspended Job go may still change; what they are may not. */
function fixed(template: Json | undefined): Json {
  const { metadata, spec } = objectOf(template)
  const { annotations: _, labels: __, ...meta } = objectOf(metadata)
  const { nodeSelector: ___, tolerations: ____, affinity: _____, schedulingGates: ______, ...rest } = objectOf(spec)
  return { metadata: meta, spec: rest }
}

function labelsOf(object: KubeObject): Json | undefined {
  return objectOf(objectOf(objectOf(object.spec).template).metadata).labels
}

function withSelector(spec: JsonObject, { metadata }: KubeObject): JsonObject {
  const uid = String(metadata.uid ?? '')
  const labels = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': metadata.name,
    'controller-uid': uid,
    'job-name': metadata.name,
  }
  const labelled = inside(fill(spec, { template: {} }), 'template', (template) =>
    inside(fill(template, { metadata: {} }), 'metadata', (meta) =>
      inside(fill(meta, { labels: {} }), 'labels', (held) => ({ ...held, ...labels })),
    ),
  )
  return fill(labelled, { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } } })
}
