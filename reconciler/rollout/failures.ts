import { parseFailed, parseRollout, recordOf, recordPath } from '../../render/shipper/record.ts'
import { type FailedRelease, type Rollout, releaseKey } from '../../render/shipper/rollout.ts'
import { readText } from '../git/contents.ts'
import type { Repository } from '../git/types.ts'
import { recordSince } from './record-since.ts'
import { findTemplateChange, type TemplateChange } from './template-change.ts'

/** A release that failed and was given up, and whose doing it is. */
export interface FailedRollout {
  /** `namespace/name`. */
  readonly application: string
  readonly failed: FailedRelease
  /** The release as it was before it was given up; undefined where its records cannot be read. */
  readonly release: Rollout | undefined
  /** The version that runs on. */
  readonly incumbent: Rollout
  /** The time of the generated commit that gave it up, in milliseconds since the epoch. */
  readonly since: number
  readonly change: TemplateChange
  /** The source commit from which `change` was looked for. */
  readonly source: string
}

/** What is in force: a generated commit, and the source commit that it is of. */
export interface Tips {
  readonly generated: string
  readonly source: string
}

/**
 * The releases of the tree of `generated` that failed and were given up, with the source commits that made them. What `known`
 * tells is not looked for again. Rejects with a `GitError` where history cannot be read.
 */
export async function findFailures(
  repository: Repository,
  { generated, source }: Tips,
  rollouts: readonly (readonly Rollout[])[],
  known: readonly FailedRollout[],
): Promise<readonly FailedRollout[]> {
  const found: FailedRollout[] = []
  for (const incumbent of rollouts.flat()) {
    const { failed } = incumbent
    if (!failed) continue
    const before = known.find((one) => isSame(one, incumbent, failed))
    if (before && (before.change.type === 'found' || before.change.isFinal || before.source === source)) {
      found.push(before)
      continue
    }
    const given = before ?? (await givenUp(repository, generated, incumbent, failed))
    if (!given) continue
    const change = await findTemplateChange(repository, source, { from: incumbent, template: failed.template })
    const application = `${incumbent.namespace}/${incumbent.application}`
    found.push({ application, failed, incumbent, release: given.release, since: given.since, change, source })
  }
  return found
}

function isSame({ incumbent, failed }: FailedRollout, now: Rollout, given: FailedRelease): boolean {
  return (
    releaseKey(incumbent) === releaseKey(now) && failed.release === given.release && failed.template === given.template
  )
}

async function givenUp(
  repository: Repository,
  generated: string,
  incumbent: Rollout,
  failed: FailedRelease,
): Promise<Pick<FailedRollout, 'release' | 'since'> | undefined> {
  const first = await recordSince(
    repository,
    generated,
    recordPath(incumbent),
    (text) => parseFailed(text)?.release === failed.release,
  )
  if (!first) return undefined
  const folder = recordPath({ ...incumbent, name: failed.release }).replace(/[^/]*$/, '')
  const texts = new Map<string, string>()
  const [before = first.oid] = first.parents
  for (const { path, oid } of await repository.list(before)) {
    const record = path.startsWith(folder) ? recordOf(path) : undefined
    if (record) texts.set(record.kind, await readText(repository, oid))
  }
  return { release: parseRollout(texts), since: first.author.time * 1000 }
}
