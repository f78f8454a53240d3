import type { Commit, Repository } from '../git/types.ts'
import type { FailedRollout } from '../rollout/failures.ts'
import { holdsTemplateOf } from '../rollout/old-template.ts'
import { bodyOf, type Culprit, takesBack } from './culprit.ts'
import { cell } from './failed.ts'

/** What is to be taken back for a release that failed, or why nothing is. */
export type ReleaseCulprit = Culprit | { readonly why: string }

/**
 * The commits that changed the template of an application since it was that of the version that runs: taken back, nothing is
 * rolled out. None where these cannot be told surely, or one of them is a revert. Rejects with a `GitError`.
 */
export async function findReleaseCulprit(repository: Repository, rollout: FailedRollout): Promise<ReleaseCulprit> {
  const { change } = rollout
  if (change.type === 'unknown') return { why: change.why }
  const { commits } = change
  for (const commit of commits)
    if (await takesBack(repository, commit)) return { why: `commit ${commit.oid.slice(0, 12)} is a revert itself` }
  const [commit, ...others] = commits
  return {
    commit,
    others,
    stretches: commits.map(({ oid, parents }) => ({ from: parents[0], to: oid })),
    isRight: (changes) =>
      [...changes.values()].some(
        (file) => file && holdsTemplateOf(Buffer.from(file.content).toString('utf8'), rollout.incumbent),
      ),
    body: bodyOf(saidOf(commit, rollout), others, releaseEvidence(rollout)),
  }
}

function saidOf({ oid }: Commit, { failed, application, incumbent }: FailedRollout): string {
  return `Commit ${oid} made release \`${failed.release}\` of \`${application}\`, which has failed and was given up; \`${incumbent.name}\` runs on.`
}

/** Which step failed, when, why, and what was seen of the pods in each cluster, as Markdown for a pull request. Pure. */
export function releaseEvidence({ failed, release, since }: FailedRollout): string {
  const { why, seen } = partsOf(failed.reason, release?.clusters ?? [])
  const steps = release?.environment.strategy?.steps ?? []
  const step = release ? `${release.targetStep} (${steps[release.targetStep]?.name ?? ''})` : 'unknown'
  const chart = release ? `${release.environment.chart.name} ${release.environment.chart.version}` : 'unknown'
  const rows: readonly (readonly [what: string, text: string])[] = [
    ['release', failed.release],
    ['chart', chart],
    ['step', step],
    ['why', why],
    ['given up', new Date(since).toISOString()],
    ...seen.map(({ cluster, text }) => [`in ${cluster}`, text] as const),
  ]
  return ['| | |', '|---|---|', ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`)].join('\n')
}

/** A reason says why first, and then what was seen, `<cluster>: <text>`, each after a semicolon. */
function partsOf(reason: string, clusters: readonly string[]) {
  const seen: { readonly cluster: string; readonly text: string }[] = []
  let why = reason
  for (const cluster of [...clusters].reverse()) {
    const begin = why.lastIndexOf(`; ${cluster}: `)
    if (begin < 0) continue
    seen.unshift({ cluster, text: why.slice(begin + cluster.length + 4) })
    why = why.slice(0, begin)
  }
  return { why, seen }
}
