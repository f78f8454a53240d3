import { warningAt } from '../../repo-layout/document.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import { rolloutKey } from '../../repo-layout/read/rollouts.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import { mayBe } from '../suspects.ts'
import { blockedBy, blockMessage, blockOverrideAnnotation, parseOverrides } from './blocks.ts'

/** The RolloutBlocks of a fleet. */
export interface Blocks {
  /** Why an application must stay as it is; empty where nothing blocks it. `override` is the list of blocks it is exempt from. */
  messages(application: Valid<ApplicationDocument>, namespace: string, override: string | undefined): readonly Message[]
  /** The same for an application whose document is gone; undefined where it may go. */
  vetoRemoval(namespace: string, application: string): readonly Message[] | undefined
}

/**
 * Reads the blocks of a fleet. A document in error, or of a kind that looks like a slip of the pen, may be a block, so it is
 * one; a file that cannot be read and speaks of RolloutBlocks blocks everything.
 */
export function readBlocks({ rollouts, holds }: FleetSource): Blocks {
  const written = new Map(rollouts.blocks.map((block) => [rolloutKey(block.value.metadata), block]))
  const misspelt = holds.strangers.filter((one) => mayBe(one, ['RolloutBlock'])).map((one) => rolloutKey(one))
  const all = [...new Set([...written.keys(), ...rollouts.held.blocks, ...misspelt])]
  const isUnknown = holds.mayHold('RolloutBlock', ['RolloutBlock'])
  const stays = 'this application stays as it is'
  return {
    messages({ document }, namespace, override) {
      const blocked = blockedBy(namespace, all, parseOverrides(override))
      const text = blockMessage(blocked)
      if (text === undefined) {
        const why = `a file that cannot be read may hold a RolloutBlock; ${stays}`
        return isUnknown ? [warningAt(document, ['metadata', 'name'], 'rollout-blocked', why)] : []
      }
      if (blocked.unknownOverrides.length > 0) {
        const at = ['metadata', 'annotations', blockOverrideAnnotation]
        return [warningAt(document, at, 'rollout-blocked', `${text}; ${stays} until the override is taken out`)]
      }
      const reasons = blocked.blocks.flatMap((key) => {
        const block = written.get(key)
        return block ? (block.value.spec?.message ?? '') || [] : `what is said there as ${key} cannot be read`
      })
      const why = reasons.length > 0 ? `: ${reasons.join('; ')}` : ''
      return [warningAt(document, ['metadata', 'name'], 'rollout-blocked', `${text}${why}; ${stays}`)]
    },
    vetoRemoval(namespace, application) {
      if (isUnknown) return []
      const [block] = blockedBy(namespace, all, []).blocks
      if (block === undefined) return undefined
      const document = written.get(block)?.document
      const text = `${namespace}/${application} is gone from the source, but stays while this block is there`
      return document ? [warningAt(document, ['metadata', 'name'], 'rollout-blocked', text)] : []
    },
  }
}
