import { getIn } from '../../repo-layout/json.ts'
import type { Transport } from '../member/transport.ts'
import type { Right } from './rights.ts'

/**
 * Asks the API server which of these rights whoever we are does not have (SelfSubjectAccessReview): each right with the
 * verbs that are missing. Rejects with an `ApiError` where it cannot be asked.
 */
export async function missingRights(transport: Transport, rights: readonly Right[]): Promise<readonly Right[]> {
  if (await isAllowed(transport, { group: '*', resource: '*', verb: '*', namespace: undefined })) return []
  const missing = await Promise.all(
    rights.map(async (right) => {
      const verbs = await Promise.all(
        right.verbs.map(async (verb) => ((await isAllowed(transport, { ...right, verb })) ? [] : [verb])),
      )
      return { ...right, verbs: verbs.flat() }
    }),
  )
  return missing.filter(({ verbs }) => verbs.length > 0)
}

/** A right as a person reads it: `list, watch secrets`, `get configmaps in flotilla-system`. */
export function rightText({ group, resource, verbs, namespace }: Right): string {
  const what = group === '' ? resource : `${resource}.${group}`
  return `${verbs.join(', ')} ${what}${namespace === undefined ? '' : ` in ${namespace}`}`
}

async function isAllowed(
  transport: Transport,
  deed: {
    readonly group: string
    readonly resource: string
    readonly verb: string
    readonly namespace: string | undefined
  },
): Promise<boolean> {
  const { group, resource, verb, namespace } = deed
  const { json } = await transport.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { group, resource, verb, ...(namespace === undefined ? {} : { namespace }) } },
    },
  })
  return getIn(json, ['status', 'allowed']) === true
}
