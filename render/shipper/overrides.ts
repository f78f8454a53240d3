import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { type SourceDocument, warningAt } from '../../repo-layout/document.ts'
import type { JsonObject, JsonPath } from '../../repo-layout/json.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { Valid } from '../../repo-layout/read/assemble.ts'
import type { ApplicationDocument, ApplicationOverrideDocument } from '../../repo-layout/schema/shipper.ts'
import { didYouMean } from '../../repo-layout/suggest.ts'
import { type Override, readOperations } from '../kubefed/overrides.ts'
import { readSelector } from '../selector.ts'

/** The objects of a chart that are meant: those of a kind, or one by its name. */
export interface Target {
  /** `''` is the core group; undefined any. */
  readonly group: string | undefined
  readonly kind: string
  /** The name in the chart, with that of the application where the chart has the release's; undefined any. */
  readonly name: string | undefined
}

/** Changes of some of the objects that a chart renders. */
export interface ObjectPatch {
  readonly target: Target
  readonly overrides: readonly Override[]
  /** Where the target stands in the document. */
  readonly at: JsonPath
}

/** What is other in some clusters. */
export interface ApplicationOverride {
  concerns(cluster: Pick<MemberCluster, 'name' | 'labels'>): boolean
  /** Undefined where only objects are changed. */
  readonly values: JsonObject | undefined
  readonly patch: ObjectPatch | undefined
}

const list: JsonPath = ['spec', 'template', 'overrides']

/**
 * Reads the overrides of an Application, in their order. With an error among the messages none of them may be used: a
 * selector that cannot be evaluated is not one that selects nothing. `known` are the names of the inventory.
 */
export function readApplicationOverrides(
  { document, value }: Valid<ApplicationDocument>,
  known: ReadonlySet<string>,
): { readonly overrides: readonly ApplicationOverride[]; readonly messages: readonly Message[] } {
  const read = (value.spec.template.overrides ?? []).map((entry, i) => readEntry(document, [...list, i], entry, known))
  const messages = read.flatMap((one) => one.messages)
  return {
    overrides: read.map(({ override }) => override),
    messages: messages.map((message) =>
      message.severity === 'error' ? { ...message, text: `${message.text}; this application stays as it is` } : message,
    ),
  }
}

function readEntry(
  document: SourceDocument,
  at: JsonPath,
  { clusterName, clusterSelector, values, target, clusterOverrides }: ApplicationOverrideDocument,
  known: ReadonlySet<string>,
): { readonly override: ApplicationOverride; readonly messages: readonly Message[] } {
  const selector = clusterSelector ? readSelector(document, [...at, 'clusterSelector']) : undefined
  const operations = readOperations(
    document,
    [...at, 'clusterOverrides'],
    clusterOverrides ?? [],
    clusterName ?? undefined,
  )
  const unknown =
    typeof clusterName === 'string' && !known.has(clusterName)
      ? [
          warningAt(
            document,
            [...at, 'clusterName'],
            'cluster-unknown',
            `the cluster "${clusterName}" is in no inventory${didYouMean(clusterName, known)}`,
          ),
        ]
      : []
  return {
    override: {
      concerns: ({ name, labels }) =>
        selector ? selector.type === 'selector' && selector.matches(labels) : name === clusterName,
      values: (values ?? undefined) as JsonObject | undefined,
      patch: target
        ? {
            target: { group: target.group ?? undefined, kind: target.kind, name: target.name ?? undefined },
            overrides: operations.overrides,
            at: [...at, 'target'],
          }
        : undefined,
    },
    messages: [...(selector?.messages ?? []), ...operations.messages, ...unknown],
  }
}
