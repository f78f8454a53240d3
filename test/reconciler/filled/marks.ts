import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../reconciler/clock.ts'
import { listAll, servedKinds } from '../../../reconciler/detach/kinds.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { getIn, type KubeObject } from '../../../repo-layout/json.ts'
import { subjectOf } from '../../../repo-layout/subject.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'

/** Everything in a cluster that bears Flotilla's name: labels, annotations, managers and objects, each once. */
export async function marksIn(plane: ControlPlane): Promise<ReadonlySet<string>> {
  const connection = { type: 'file', path: plane.kubeconfigPath, context: undefined } as const
  const target = { name: plane.name, connection, proxyURL: '', serviceAccountName: '' }
  const transport = connect(target, { clock: systemClock, readSecret: async () => undefined })
  try {
    const { resources, unread } = await servedKinds(transport)
    assert.deepEqual(unread, [])
    const marks = new Set<string>()
    for (const resource of resources)
      for (const object of await listAll(transport, resource, undefined))
        for (const mark of marksOf(object)) marks.add(mark)
    return marks
  } finally {
    await transport.close()
  }
}

function marksOf(object: KubeObject): readonly string[] {
  const { metadata } = object
  const isOurs = (text: string) => /flotilla/.test(text)
  const pairs = (word: string, map: { readonly [key: string]: string } | undefined) =>
    Object.entries(map ?? {})
      .filter((pair) => pair.some(isOurs) && !pair[0].startsWith('kubernetes.io/'))
      .map(([key]) => `${word} ${key}`)
  const entries = getIn(object, ['metadata', 'managedFields'])
  const managers = (Array.isArray(entries) ? entries : []).map((entry) => String(getIn(entry, ['manager'])))
  const inside = metadata.namespace === 'flotilla-system' && isOurs(metadata.name)
  return [
    ...pairs('label', metadata.labels),
    ...pairs('annotation', metadata.annotations),
    ...managers.filter(isOurs).map((manager) => `manager ${manager}`),
    ...(inside || (object.kind === 'Namespace' && isOurs(metadata.name))
      ? [`object ${subjectOf(object).split('/')[0]}`]
      : []),
    ...(getIn(object, ['metadata', 'finalizers']) && isOurs(JSON.stringify(getIn(object, ['metadata', 'finalizers'])))
      ? ['finalizer']
      : []),
    ...(!inside && object.kind !== 'Namespace' && isOurs(metadata.name) ? [`object ${subjectOf(object)}`] : []),
  ]
}

/** The same as the page "What Flotilla does in a member cluster" lists it. */
export function documentedMarks(): ReadonlySet<string> {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/member-clusters.md'), 'utf8')
  const section = text.split(/^## /m).find((part) => part.startsWith('What it leaves there')) ?? ''
  const table = [...section.matchAll(/^\| (.*) \|$/gm)].slice(1).map(([, row = '']) => row)
  const marks = new Set<string>()
  for (const row of table) {
    for (const [, word = '', key = ''] of row.matchAll(/\b(label|annotation|labels) `([\w./-]+):/g))
      marks.add(`${word.replace('labels', 'label')} ${key}`)
    for (const [, key = ''] of row.matchAll(/ and `([\w./-]+): <fleet>`/g)) marks.add(`label ${key}`)
    if (row.includes('a label of that name')) marks.add('label flotilla.dev/id')
    for (const [, manager = ''] of row.matchAll(/`(flotilla(?:-handover)?)`(?=[;| ]|$)/g))
      marks.add(`manager ${manager}`)
    const [, kind = ''] = /^(?:namespace|(ConfigMap|Secret))s? `flotilla-/.exec(row) ?? []
    if (/^(namespace|ConfigMaps|Secret) /.test(row)) marks.add(`object ${kind === '' ? 'Namespace' : kind}`)
  }
  return marks
}
