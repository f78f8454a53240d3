import type { ClusterCheck, Finding } from '../join/check.ts'
import { type Screen, type View, viewOf } from './screen.ts'
import { type Cell, layoutTable } from './table.ts'
import { tame } from './tame.ts'
import { count, oneLine } from './text.ts'

const styles = { ok: 'green', warning: 'yellow', wrong: 'red', unknown: 'yellow' } as const
const signs = { ok: '✔', warning: '!', wrong: '✖', unknown: '?' } as const
const plain = { ok: '+', warning: '!', wrong: 'x', unknown: '?' } as const

/** What was found in clusters, one line a finding. */
export function checkView(raw: readonly ClusterCheck[], screen: Screen): View {
  const checks = tame(raw)
  const rows = checks.flatMap(({ cluster, findings }) =>
    findings.map((finding, i): readonly Cell[] => [
      i === 0 ? cluster : '',
      { text: `${(screen.ascii ? plain : signs)[finding.result]} ${finding.check}`, style: styles[finding.result] },
      [oneLine(finding.text), oneLine(finding.remedy)].filter((text) => text !== '').join('; '),
    ]),
  )
  // Nothing is cut: each line says what to do at its end.
  const uncut: Screen = { ...screen, columns: undefined }
  return viewOf(layoutTable(['CLUSTER', 'CHECK', 'FINDING'], rows, uncut), checkClosing(checks), screen)
}

/** The one sentence at the end. */
export function checkClosing(checks: readonly ClusterCheck[]): string {
  const has = (result: Finding['result']) => (check: ClusterCheck) =>
    check.findings.some((finding) => finding.result === result)
  const wrong = checks.filter(has('wrong')).length
  const warned = checks.filter((check) => has('warning')(check) || has('unknown')(check)).length
  if (checks.length === 0) return 'The fleet has no clusters.'
  if (wrong === 0 && warned === 0)
    return checks.length === 1 ? 'The cluster is fine.' : `All ${checks.length} clusters are fine.`
  const parts = [
    ...(wrong > 0 ? [`something is wrong in ${wrong}`] : []),
    ...(warned > 0 ? [`warnings in ${warned}`] : []),
  ]
  return `Of ${count(checks.length, 'cluster')}: ${parts.join(', ')}.`
}

/** Exit code: 1 where something is wrong, else 0. */
export function checkExit(checks: readonly ClusterCheck[]): 0 | 1 {
  return checks.some(({ findings }) => findings.some(({ result }) => result === 'wrong')) ? 1 : 0
}
