import { getIn, isJsonArray, type Json } from '../../repo-layout/json.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'

/** Something that an account may or may not do. */
export interface Deed {
  readonly verb: string
  readonly group?: string
  readonly resource: string
  readonly namespace?: string
  readonly name?: string
}

/** Whether an account may do something, asked as that account. */
export async function may(plane: ControlPlane, account: string, deed: Deed): Promise<boolean> {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { group: '', ...deed } },
  }
  const answer = await plane.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body, {
    'impersonate-user': `system:serviceaccount:${account}`,
  })
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
  return getIn(answer.body, ['status', 'allowed']) === true
}

/**
 * Everything that an account may do to objects in a namespace, as `verb group/resource`, without what Kubernetes lets
 * every account do (ask about itself).
 */
export async function rightsIn(plane: ControlPlane, account: string, namespace: string): Promise<readonly string[]> {
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } }
  const answer = await plane.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', body, {
    'impersonate-user': `system:serviceaccount:${account}`,
  })
  const rules = getIn(answer.body, ['status', 'resourceRules'])
  if (answer.status !== 201 || !isJsonArray(rules)) throw new Error(JSON.stringify(answer.body))
  const all = rules.flatMap((rule) =>
    texts(rule, 'apiGroups').flatMap((group) =>
      texts(rule, 'resources').flatMap((resource) =>
        texts(rule, 'verbs').map((verb) => `${verb} ${group}/${resource}`),
      ),
    ),
  )
  return all.filter((right) => !/ (authorization|authentication)\.k8s\.io\/self/.test(right)).sort()
}

function texts(rule: Json, key: string): readonly string[] {
  const list = getIn(rule, [key])
  return isJsonArray(list) ? list.map(String) : []
}
