/** How bad: an error keeps something from being rendered, a warning teaches. */
export type Severity = 'error' | 'warning'

/** A place in a source file; both count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Something to tell about a source file, with a stable code that scripts and docs can name. */
export interface Message extends Position {
  readonly path: string
  readonly severity: Severity
  readonly text: string
  readonly code: Code
}

/**
 * The catalogue of everything that can be said about a fleet repository. Codes are stable; what each means and
 * how to mend it stands in docs/messages.md.
 */
export const codes = {
  'fleet-missing': 'no readable Fleet',
  'fleet-duplicate': 'more than one Fleet',
  'tree-unreadable': 'the source cannot be listed',
  'file-too-large': 'a file over the size limit',
  'file-encoding': 'a file that is not UTF-8',
  'file-symlink': 'a symbolic link that leads out of the tree',
  'yaml-syntax': 'not YAML',
  'yaml-alias': 'aliases that expand too far',
  'yaml-depth': 'values nested too deep',
  'yaml-number': 'a number that cannot be kept exactly',
  'not-ours': 'a document without apiVersion and kind',
  'left-out': 'a folder that belongs to a template engine',
  schema: 'a field that is missing, unknown or of the wrong type',
  'unknown-field': 'a field that the kind does not have',
  unsupported: 'a kind that this version does not render',
  'not-placed': 'a plain object that nothing places',
  name: 'a name that no API server takes',
  'cluster-name': 'a cluster name that cannot be used',
  'cluster-duplicate': 'two clusters of one name',
  'cluster-endpoint': 'a cluster whose address is not in the source',
  'cluster-unknown': 'a cluster that is in no inventory',
  duplicate: 'one object from two documents',
  'unknown-kind': 'a kind whose apiVersion is not known',
  selector: 'a label selector that cannot be evaluated',
  placement: 'a placement that contradicts itself',
  'nothing-placed': 'a placement that selects no cluster',
  'override-duplicate': 'two overrides of one path or cluster',
  'override-protected': 'an override of a protected path',
  'override-path': 'an override path that cannot be read',
  'override-failed': 'an override that does not apply',
  annotation: 'an annotation of Flotilla that means nothing',
  'template-metadata': 'metadata that a template must not carry',
  'namespace-name': 'a FederatedNamespace whose name is not that of its namespace',
  'namespace-not-federated': 'an object in a namespace without a FederatedNamespace',
  'namespace-protected': 'a Namespace that Flotilla does not manage',
  'preference-target': 'a ReplicaSchedulingPreference without a target',
  'preference-lost': 'replicas planned for clusters that do not get the object',
  'preference-held': 'a replica decision that waits for a fact',
  'preference-idle': 'a ReplicaSchedulingPreference that changes nothing',
  chart: 'a chart that cannot be found, rendered or rolled out',
  'cluster-choice': 'requirements that no clusters meet',
  'rollout-failed': 'a release that failed at a step',
  'rollout-blocked': 'a RolloutBlock that keeps an application as it is',
  'release-idle': 'a Release that commands nothing',
  'type-disabled': 'a type whose propagation is disabled',
  'secret-plaintext': 'a Secret in clear',
  previous: 'a previous generated tree that cannot be read',
} as const

/** A stable code of the catalogue. */
export type Code = keyof typeof codes

/** Orders messages as they are printed: by path, line, column, then text. */
export function compareMessages(a: Message, b: Message): number {
  return (
    compare(a.path, b.path) ||
    a.line - b.line ||
    a.column - b.column ||
    compare(a.text, b.text) ||
    compare(a.severity, b.severity) ||
    compare(a.code, b.code)
  )
}

/**
 * Writes one message as `path:line:col: error|warning: text [code]`, always one line: texts quote what stands in the
 * source, and control characters from there must neither break a line nor steer a terminal.
 */
export function formatMessage(message: Message): string {
  const { path, line, column, severity, text, code } = message
  return `${path}:${line}:${column}: ${severity}: ${text} [${code}]`.replace(controls, escapeControl)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

function escapeControl(sign: string): string {
  const known: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
  return known[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Whether any of the messages is an error. */
export function hasErrors(messages: Iterable<Message>): boolean {
  for (const message of messages) if (message.severity === 'error') return true
  return false
}

/** Orders text by code units: the same on every machine, whatever its locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
