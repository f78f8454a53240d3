import { type Rollout, releaseKey } from '../../render/shipper/rollout.ts'
import type { Observations, PromotionObservation } from '../../repo-layout/observations.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { rolloutKey } from '../../repo-layout/read/rollouts.ts'
import { type Promotion, promotionOf } from '../../repo-layout/schema/promotion.ts'
import type { RolloutCheck } from '../../repo-layout/schema/rollouts.ts'
import type { Clock } from '../clock.ts'
import type { Repository } from '../git/types.ts'
import { askCheck } from './ask.ts'
import { createChecks } from './checks.ts'
import { phaseOf, stepSince } from './step-time.ts'

/** What time and checks say of releases that go on, or are given up, by themselves. */
export interface Promotions {
  /**
   * Looks after the releases of a generated commit, made of this source. Only checks of this Fleet, which is the one that was
   * merged, are ever asked. Rejects where the history of the branch cannot be read; then what was known stays.
   */
  follow(commit: string, rollouts: readonly (readonly Rollout[])[], source: FleetSource): Promise<void>
  /** What is known now of the releases that are followed, as the annotations of `source` measure it. */
  observe(source: FleetSource): NonNullable<Observations['rollouts']>
  /** Milliseconds until it becomes something else by time alone; undefined where it does not. */
  nextChange(source: FleetSource): number | undefined
  stop(): void
}

/** What promotions need. */
export interface PromotionsOptions {
  readonly repository: Pick<Repository, 'log' | 'list' | 'read'>
  readonly clock: Clock
  readonly onChange: () => void
}

/** A deadline that passed while nobody looked counts only after so many milliseconds: what runs must be seen first. */
const firstLook = 60_000

interface Followed {
  readonly release: Rollout
  readonly phase: string
  readonly since: number
}

/** Looks after releases; what it tells of time comes from commits, so that a restart changes nothing. */
export function createPromotions({ repository, clock, onChange }: PromotionsOptions): Promotions {
  const checks = createChecks({ clock, ask: askCheck, onChange })
  const started = clock.now()
  let followed: ReadonlyMap<string, Followed> = new Map()

  function* asked(source: FleetSource): Iterable<Followed & { readonly key: string; readonly promotion: Promotion }> {
    for (const { value } of source.rollouts.applications) {
      const one = followed.get(rolloutKey(value.metadata))
      const promotion = promotionOf(value.metadata.annotations)
      if (one) yield { ...one, promotion, key: releaseKey(one.release) }
    }
  }

  function times({ release, since, promotion: { soak, deadline } }: Followed & { readonly promotion: Promotion }) {
    if (release.achievedStep === release.targetStep) return { soakedAt: since + soak, failsAt: undefined }
    if (deadline === undefined) return { soakedAt: undefined, failsAt: undefined }
    return { soakedAt: undefined, failsAt: Math.max(since + deadline, started + Math.min(deadline, firstLook)) }
  }

  return {
    async follow(commit, rollouts, source) {
      const next = new Map<string, Followed>()
      for (const all of rollouts) {
        const release = all.at(-1)
        if (!release || release.complete || release.retreating) continue
        const application = `${release.namespace}/${release.application}`
        const [before, phase] = [followed.get(application), phaseOf(release)]
        const isSame = before?.release.name === release.name && before.phase === phase
        const since = isSame ? before.since : await stepSince(repository, commit, release)
        next.set(application, { release, phase, since })
      }
      followed = next
      const wanted = new Map<string, RolloutCheck>()
      for (const { key, phase, release, promotion } of asked(source)) {
        const check = source.fleet.spec.rollouts.checks.find(({ name }) => name === promotion.check)
        if (check && release.achievedStep !== undefined) wanted.set(`${key} ${phase}`, check)
      }
      checks.follow(wanted)
    },
    observe(source) {
      const now = clock.now()
      const seen: Record<string, PromotionObservation> = {}
      for (const one of asked(source)) {
        const { soakedAt, failsAt } = times(one)
        const check = checks.result(`${one.key} ${one.phase}`)
        const { promotion } = one
        if (!promotion.isAutomatic && promotion.deadline === undefined && promotion.check === undefined) continue
        seen[one.key] = {
          step: one.release.targetStep,
          soaked: soakedAt !== undefined && soakedAt <= now,
          deadlinePassed: failsAt !== undefined && failsAt <= now,
          ...(promotion.check === undefined ? {} : { checkHolds: check?.holds === true }),
          ...(check?.failed === undefined ? {} : { checkFailed: check.failed }),
        }
      }
      return seen
    },
    nextChange(source) {
      const now = clock.now()
      const ahead = [...asked(source)]
        .flatMap((one) => Object.values(times(one)))
        .filter((at): at is number => at !== undefined && at > now)
      return ahead.length === 0 ? undefined : Math.min(...ahead) - now
    },
    stop: checks.stop,
  }
}
