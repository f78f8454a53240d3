import { errorAt, placeOf, type SourceDocument, warningAt } from '../../repo-layout/document.ts'
import { groupBy } from '../../repo-layout/group.ts'
import { getIn } from '../../repo-layout/json.ts'
import { builtinKind, builtinKinds } from '../../repo-layout/kinds/builtin.ts'
import { hasErrors, type Message } from '../../repo-layout/message.ts'
import { apiVersionProblem, kindProblem, objectNameProblem } from '../../repo-layout/names.ts'
import type { Valid } from '../../repo-layout/read/assemble.ts'
import { isKubefedGroup } from '../../repo-layout/read/classify.ts'
import type { HeldDocument } from '../../repo-layout/read/holds.ts'
import type { FederatedDocument, TypeConfigDocument } from '../../repo-layout/read/interpret.ts'
import { formatSubject, groupOf, type Subject } from '../../repo-layout/subject.ts'
import { didYouMean } from '../../repo-layout/suggest.ts'
import type { ObjectName } from '../previous.ts'
import type { Suspect } from '../suspects.ts'

/** What a federated document makes in each of its clusters. */
export interface Target {
  readonly apiVersion: string
  readonly kind: string
  /** Undefined for cluster-scoped kinds. */
  readonly namespace: string | undefined
  readonly name: string
  readonly subject: Subject
  /** The subject in the group that serves a kind of Kubernetes today: the same for one object, however it is written. */
  readonly identity: Subject
  /** `propagation: Disabled`: copies stay as they are. */
  readonly disabled: boolean
}

/** Kinds of the fleet beyond Kubernetes' own: from FederatedTypeConfigs and federated CRDs. */
export interface TypeTable {
  byFederatedKind(group: string, kind: string): TargetType | undefined
  /** Every object that a document in error may stand for: its scope cannot be told. */
  objectsOf(document: HeldDocument): readonly ObjectName[]
  /** Whether a custom kind is namespaced; undefined where nothing tells. */
  scopeOf(group: string, kind: string): boolean | undefined
  /** Whether more than one FederatedTypeConfig is about a federated kind, so that neither counts. */
  isTwofold(federatedKind: string): boolean
  readonly messages: readonly Message[]
}

interface TargetType {
  readonly apiVersion: string | undefined
  readonly kind: string
  readonly namespaced: boolean | undefined
  readonly disabled: boolean
}

/** Gathers what FederatedTypeConfigs say, and the scope of kinds whose CRDs the fleet itself federates. */
export function readTypes(
  typeConfigs: readonly Valid<TypeConfigDocument>[],
  federated: readonly Valid<FederatedDocument>[],
): TypeTable {
  const byKind = new Map<string, TargetType>()
  const scopes = new Map<string, boolean>()
  for (const { value } of federated) {
    if (value.kind !== 'FederatedCustomResourceDefinition') continue
    const template = value.spec?.template as Parameters<typeof getIn>[0]
    const [group, kind, scope] = [['group'], ['names', 'kind'], ['scope']].map((path) =>
      getIn(template, ['spec', ...path]),
    )
    scopes.set(`${group}/${kind}`, scope !== 'Cluster')
  }
  for (const { value } of typeConfigs) {
    const target = value.spec.targetType ?? value.spec.target
    if (!target) continue
    const group = target.group || groupInName(value.metadata.name)
    const namespaced = target.scope ? target.scope === 'Namespaced' : (value.spec.namespaced ?? unsaidScope(value.spec))
    const type: TargetType = {
      kind: target.kind,
      apiVersion: target.version ? (group === '' ? target.version : `${group}/${target.version}`) : undefined,
      namespaced,
      disabled: value.spec.propagation === 'Disabled' || value.spec.propagationEnabled === false,
    }
    if (namespaced !== undefined) scopes.set(`${group}/${target.kind}`, namespaced)
    const named = value.spec.federatedType
    const kind = federatedKindOf(value)
    if (named?.group) byKind.set(`${named.group}/${kind}`, type)
    // An object may have been written for another of kubefed's own groups than the one that is enabled now.
    if (!named?.group || isKubefedGroup({ apiVersion: `${named.group}/v1` })) byKind.set(`*/${kind}`, type)
  }
  const twins = [
    ...groupBy(typeConfigs, ({ value }) => `${value.spec.federatedType?.group ?? ''}/${federatedKindOf(value)}`),
  ]
    .map(([, list]) => list)
    .filter((list) => list.length > 1)
  const twofold = new Set(twins.flatMap((list) => list.map(({ value }) => federatedKindOf(value))))
  const byFederatedKind = (group: string, kind: string) => byKind.get(`${group}/${kind}`) ?? byKind.get(`*/${kind}`)
  return {
    byFederatedKind,
    objectsOf({ kind, group, namespace = 'default', name }) {
      const kinds = new Set([kind.replace(/^Federated/, ''), byFederatedKind(group, kind)?.kind ?? kind])
      return [...kinds].flatMap((one) => [
        { kind: one, namespace, name },
        { kind: one, namespace: undefined, name },
      ])
    },
    scopeOf: (group, kind) => scopes.get(`${group}/${kind}`),
    isTwofold: (federatedKind) => twofold.has(federatedKind),
    messages: twins.flatMap((list) => list.map((one) => twinOf(one, list))),
  }
}

function federatedKindOf({ spec }: TypeConfigDocument): string {
  return spec.federatedType?.kind ?? `Federated${(spec.targetType ?? spec.target)?.kind}`
}

function twinOf({ document, value }: Valid<TypeConfigDocument>, list: readonly Valid<TypeConfigDocument>[]): Message {
  const at = ['metadata', 'name']
  const others = list.filter((one) => one.document !== document).map((one) => placeOf(one.document, at))
  const text = `the type ${federatedKindOf(value)} is described twice; the other is at ${others.join(', ')}`
  return errorAt(document, at, 'duplicate', text)
}

/** kubefed fills in the group from the name, `<plural>[.<group>]` (`kubefed v0.10 federatedtypeconfig_types.go`). */
function groupInName(name: string): string {
  const dot = name.indexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1)
}

/** In `v1alpha1`, whose type is `target`, a scope that is not said is that of the cluster; else nothing is known. */
function unsaidScope(spec: TypeConfigDocument['spec']): false | undefined {
  return spec.targetType ? undefined : false
}

/** The object that a document stands for; without a target the messages say why, and `suspect` what it may be. */
export type ResolvedTarget =
  | { readonly target: Target; readonly messages: readonly Message[] }
  | { readonly target: undefined; readonly messages: readonly Message[]; readonly suspect: Suspect }

/**
 * Which object a federated document stands for. The apiVersion is the template's, else that of the
 * FederatedTypeConfig, else that of Kubernetes' own kind; the kind, name and namespace are never the template's
 * (`kubefed v0.10 sync/resource.go`). Without a target the messages say why.
 */
export function resolveTarget({ document, value }: Valid<FederatedDocument>, types: TypeTable): ResolvedTarget {
  const type = types.byFederatedKind(groupOf(value.apiVersion), value.kind)
  const kind = type?.kind ?? value.kind.replace(/^Federated/, '')
  const written = value.spec?.template?.apiVersion
  const apiVersion =
    typeof written === 'string' && written !== '' ? written : (type?.apiVersion ?? builtinKind(kind)?.apiVersion)
  const { name } = value.metadata
  const anyKind = { kind: undefined, namespace: value.metadata.namespace ?? 'default', name }
  const without = (message: Message) => ({ target: undefined, messages: [message], suspect: anyKind })
  if (apiVersion === undefined) return without(unknownKind(document, kind))
  const badKind = kindProblem(kind)
  if (badKind) return without(errorAt(document, ['kind'], 'unknown-kind', `the kind "${kind}" ${badKind}`))
  const badVersion = apiVersionProblem(apiVersion)
  const versionPath = written === apiVersion ? ['spec', 'template', 'apiVersion'] : ['apiVersion']
  if (badVersion) {
    return without(errorAt(document, versionPath, 'unknown-kind', `the apiVersion "${apiVersion}" ${badVersion}`))
  }

  const group = groupOf(apiVersion)
  const builtin = builtinKind(kind, group)
  const namespaced = builtin?.namespaced ?? type?.namespaced ?? types.scopeOf(group, kind) ?? true
  const messages: Message[] = []
  const namespace = namespaced ? (value.metadata.namespace ?? 'default') : undefined
  const badName = objectNameProblem(name, builtin?.nameRule ?? 'subdomain')
  if (badName)
    messages.push(errorAt(document, ['metadata', 'name'], 'name', `the name "${name}" of a ${kind} ${badName}`))
  const wrong = namespace === undefined ? undefined : objectNameProblem(namespace, 'label')
  if (wrong)
    messages.push(errorAt(document, ['metadata', 'namespace'], 'name', `the namespace "${namespace}" ${wrong}`))
  if (!namespaced && kind !== 'Namespace' && value.metadata.namespace) {
    const text = `${kind} has no namespace; "${value.metadata.namespace}" has no effect`
    messages.push(warningAt(document, ['metadata', 'namespace'], 'template-metadata', text))
  }
  const subject = formatSubject({ group, kind, namespace, name })
  const identity = formatSubject({ group: builtin ? groupOf(builtin.apiVersion) : group, kind, namespace, name })
  const target = { apiVersion, kind, namespace, name, subject, identity, disabled: type?.disabled ?? false }
  if (!hasErrors(messages)) return { target, messages }
  const suspect = { kind, namespace: wrong ? undefined : namespace, name: badName ? undefined : name }
  return { target: undefined, messages, suspect }
}

function unknownKind(document: SourceDocument, kind: string): Message {
  const text = `nothing says which apiVersion ${kind} has; write spec.template.apiVersion, or add a FederatedTypeConfig${didYouMean(kind, builtinKinds())}`
  return errorAt(document, ['kind'], 'unknown-kind', text)
}
