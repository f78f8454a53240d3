import type { Subject } from '../../repo-layout/subject.ts'
import { type Pause, wholeCluster } from '../member/pause.ts'
import type { Drift } from '../member/types.ts'
import type { DiffReport } from '../server/types.ts'
import { tame } from './tame.ts'
import { count } from './text.ts'

/** One object that differs in one cluster. */
export interface Difference {
  readonly cluster: string
  readonly drift: Drift
  /** Its source file, or empty where that is not known. */
  readonly source: string
  /** The pause that keeps it from being healed, its own or that of the cluster. */
  readonly pause: Pause | undefined
}

/** All differences of a report, by cluster and Subject. */
export function flatten(report: DiffReport): readonly Difference[] {
  return report.clusters.flatMap(({ cluster, drifts, sources, pauses = [] }) =>
    [...drifts]
      .sort((a, b) => (a.subject < b.subject ? -1 : 1))
      .map((drift) => ({
        cluster,
        drift,
        source: sources[drift.subject] ?? '',
        pause: pauseOf(pauses, drift.subject),
      })),
  )
}

function pauseOf(pauses: readonly Pause[], subject: Subject): Pause | undefined {
  return pauses.find((pause) => pause.subject === subject) ?? pauses.find((pause) => pause.subject === wholeCluster)
}

/** Exit code of `diff`: 0 equal, 1 differences, 2 where some cluster could not be compared, or nothing is wanted yet. */
export function diffExit(report: DiffReport): 0 | 1 | 2 {
  if (report.commit === undefined) return 2
  if (report.clusters.some(({ problem }) => problem !== '')) return 2
  return report.clusters.some(({ drifts }) => drifts.length > 0) ? 1 : 0
}

/** The last sentence of a diff, which also says that there is none and what could not be compared. */
export function diffClosing(raw: DiffReport): string {
  const report = tame(raw)
  if (report.commit === undefined) return 'Nothing was rendered yet, so there is nothing to compare with.'
  const differences = flatten(report)
  const drifted = [...new Set(differences.map(({ cluster }) => cluster))]
  const problems = report.clusters.filter(({ problem }) => problem !== '')
  const compared = report.clusters.length - problems.length
  const fields = differences.reduce((sum, { drift }) => sum + drift.fields.length, 0)
  const objects = count(differences.length, 'object')
  const where = drifted.length === 1 ? drifted[0] : count(drifted.length, 'cluster')
  const sentences = [
    differences.length > 0
      ? `${fields > 0 ? `${count(fields, 'field')} of ` : ''}${objects} drifted in ${where}.`
      : compared > 0
        ? `No differences in ${compared === 1 && report.clusters.length === 1 ? report.clusters[0]?.cluster : count(compared, 'cluster')}.`
        : '',
    problems.length > 0 ? `${count(problems.length, 'cluster')} could not be compared.` : '',
    report.clusters.length === 0 ? 'There is no cluster to compare.' : '',
  ]
  return sentences.filter((text) => text !== '').join(' ')
}
