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

/** A reason says what was seen in each cluster, `<cluster>: <text>`, and then which step took too long; each after a semicolon. */
function partsOf(reason: string, clusters: readonly string[]) {
  const step = reason.lastIndexOf('; step ')
  const [said, late] = step < 0 ? [reason, ''] : [reason.slice(0, step), reason.slice(step + 2)]
  const places = clusters
    .map((cluster) => ({ cluster, at: `; ${said}`.indexOf(`; ${cluster}: `) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)
  const seen = places.map(({ cluster, at }, i) => ({
    cluster,
    text: said.slice(at + cluster.length + 2, places[i + 1]?.at ?? said.length).replace(/; $/, ''),
  }))
  const before = said.slice(0, places[0]?.at ?? said.length).replace(/; $/, '')
  return { why: [before, late].filter((text) => text !== '').join('; '), seen }
}
