import type { Json, JsonObject } from '../../../repo-layout/json.ts'
import { objectOf, textOf } from '../defaults/fill.ts'

/** The answer to a review of access: everybody may do everything. */
export function accessReview(body: Json): JsonObject {
  const { apiVersion, kind, metadata, spec } = objectOf(body)
  const rules =
    textOf(kind) === 'SelfSubjectRulesReview'
      ? {
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
          nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          incomplete: false,
        }
      : { allowed: true, reason: 'a sandbox lets everybody do everything' }
  return {
    kind: textOf(kind),
    apiVersion: textOf(apiVersion),
    metadata: objectOf(metadata),
    spec: objectOf(spec),
    status: rules,
  }
}
