import { commandOf } from '../../render/shipper/command.ts'
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
import { backSince, type Lack, lackingIn, lacksNow, lacksSince, respiteIn } from './lacking.ts'
import { phaseOf, stepSince } from './step-time.ts'

/** What time and checks say of releases that go on, or are given up, by themselves. */
export interface Promotions {
  /**
   * Looks after the releases of a generated commit, made of this source. Only checks of this Fleet, which is the one that was
   * merged, are ever asked. Rejects where the history of the branch cannot be read; then what was known stays.
   */
  follow(commit: string, rollouts: readonly (readonly Rollout[])[], source: FleetSource): Promise<void>
  /**
   * What is known now of the releases that are followed, as the annotations of `source` measure it. Of `seen` it remembers since
   * when a release lacks something at the step that it had achieved.
   */
  observe(source: FleetSource, seen: Pick<Observations, 'clusters'>): NonNullable<Observations['rollouts']>
  /** Milliseconds until it becomes something else by time alone; undefined where it does not. */
  nextChange(source: FleetSource): number | undefined
  /** What a release that goes on by itself waits for at the step that it has achieved, by `namespace/name`. */
  waits(source: FleetSource): ReadonlyMap<string, PromotionWait>
  stop(): void
}

/** What a release waits for that goes on by itself: `nothing` is a moment before it goes on. */
export type PromotionWait =
  | { readonly type: 'nothing' }
  /** It is not ready any more in some cluster. */
  | { readonly type: 'readiness' }
  /** `until` is in milliseconds since the epoch. */
  | { readonly type: 'soak'; readonly until: number }
  /** `problem` is why it did not hold last; empty before the first answer. */
  | { readonly type: 'check'; readonly name: string; readonly problem: string }

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
  /** What it lacks of the step that it had achieved, by cluster. */
  lacks: ReadonlyMap<string, Lack>
}

interface Asked {
  readonly followed: Followed
  readonly promotion: Promotion
  readonly key: string
}

/**
 * Looks after releases. Since when a step is moved to or stands is told by commits, so that a restart changes nothing. Since when
 * one lacks something that it had is only remembered, since pods that come and go are no commits: a restart begins that anew,
 * and so acts later, never sooner.
 */
export function createPromotions({ repository, clock, onChange }: PromotionsOptions): Promotions {
  const checks = createChecks({ clock, ask: askCheck, onChange })
  const started = clock.now()
  let followed: ReadonlyMap<string, Followed> = new Map()

  function* asked(source: FleetSource): Iterable<Asked> {
    for (const { value } of source.rollouts.applications) {
      const one = followed.get(rolloutKey(value.metadata))
      const promotion = promotionOf(value.metadata.annotations)
      if (one) yield { followed: one, promotion, key: releaseKey(one.release) }
    }
  }

  function times({ followed: { release, since, lacks }, promotion: { soak, deadline } }: Asked) {
    if (release.achievedStep === release.targetStep) {
      const [from, back] = [lacksSince(lacks), backSince(lacks)]
      const failsAt = from !== undefined && deadline !== undefined ? from + deadline : undefined
      const stoodAt = back === undefined ? since : back + respiteIn(soak)
      return { soakedAt: from === undefined ? Math.max(since + soak, stoodAt) : undefined, failsAt }
    }
    if (deadline === undefined) return { soakedAt: undefined, failsAt: undefined }
    return { soakedAt: undefined, failsAt: Math.max(since + deadline, started + Math.min(deadline, firstLook)) }
  }

  const checkOf = ({ key, followed: { phase } }: Asked) => checks.result(`${key} ${phase}`)

  function waitOf(one: Asked): PromotionWait {
    const { soakedAt = 0 } = times(one)
    const { lacks } = one.followed
    const { check: name } = one.promotion
    const check = checkOf(one)
    if (lacksSince(lacks) !== undefined) return { type: 'readiness' }
    if (name !== undefined && check?.holds !== true) return { type: 'check', name, problem: check?.problem ?? '' }
    return soakedAt > clock.now() ? { type: 'soak', until: soakedAt } : { type: 'nothing' }
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
        next.set(application, { release, phase, since, lacks: isSame ? before.lacks : new Map() })
      }
      followed = next
      const wanted = new Map<string, RolloutCheck>()
      for (const {
        key,
        followed: { phase, release },
        promotion,
      } of asked(source)) {
        const check = source.fleet.spec.rollouts.checks.find(({ name }) => name === promotion.check)
        if (check && release.achievedStep !== undefined) wanted.set(`${key} ${phase}`, check)
      }
      checks.follow(wanted)
    },
    observe(source, { clusters }) {
      const now = clock.now()
      const suspended = new Set(source.clusters.filter(({ suspend }) => suspend).map(({ name }) => name))
      const told: Record<string, PromotionObservation> = {}
      for (const one of asked(source)) {
        const { followed: known, promotion } = one
        const { release } = known
        const isThere = release.achievedStep === release.targetStep
        const lacking = isThere ? lackingIn(release, { clusters }, suspended) : []
        known.lacks = lacksNow(known.lacks, lacking, now, respiteIn(promotion.deadline ?? promotion.soak))
        const { soakedAt, failsAt } = times(one)
        const check = checkOf(one)
        if (!promotion.isAutomatic && promotion.deadline === undefined && promotion.check === undefined) continue
        told[one.key] = {
          step: release.targetStep,
          soaked: soakedAt !== undefined && soakedAt <= now,
          deadlinePassed: failsAt !== undefined && failsAt <= now,
          ...(promotion.check === undefined ? {} : { checkHolds: check?.holds === true }),
          ...(check?.failed === undefined ? {} : { checkFailed: check.failed }),
        }
      }
      return told
    },
    nextChange(source) {
      const now = clock.now()
      const ahead = [...asked(source)]
        .flatMap((one) => Object.values(times(one)))
        .filter((at): at is number => at !== undefined && at > now)
      return ahead.length === 0 ? undefined : Math.min(...ahead) - now
    },
    waits(source) {
      const waits = new Map<string, PromotionWait>()
      for (const one of asked(source)) {
        const { release } = one.followed
        const isLast = release.targetStep >= (release.environment.strategy?.steps ?? []).length - 1
        if (!one.promotion.isAutomatic || isLast || release.achievedStep !== release.targetStep) continue
        if (commandOf(release, source) === 'none') waits.set(one.key, waitOf(one))
      }
      return waits
    },
    stop: checks.stop,
  }
}
