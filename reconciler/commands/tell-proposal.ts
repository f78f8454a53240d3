import { subjectOf } from '../revert/message.ts'
import type { Proposal } from '../revert/propose.ts'
import { dataText } from '../views/data.ts'
import { shortCommit } from '../views/text.ts'
import type { ProposalOutcome } from './propose.ts'
import type { Terminal } from './terminal.ts'

/**
 * Says what came of a proposal, and gives the exit code: 1 where it is neither proposed, committed nor shown. Programs are told
 * it as data, with what the command says of its change.
 */
export function tellProposal(
  outcome: ProposalOutcome,
  proposal: Pick<Proposal, 'branch' | 'base' | 'message'>,
  terminal: Pick<Terminal, 'data' | 'note' | 'fail'>,
  output?: { readonly format: 'json' | 'yaml'; readonly change: object } | undefined,
): number {
  if (output) terminal.data(dataText({ ...output.change, ...outcomeData(outcome, proposal) }, output.format))
  return say(outcome, proposal, output ? { ...terminal, data: () => undefined } : terminal)
}

function say(
  outcome: ProposalOutcome,
  proposal: Pick<Proposal, 'branch' | 'base' | 'message'>,
  terminal: Pick<Terminal, 'data' | 'note' | 'fail'>,
): number {
  const { branch, base } = proposal
  switch (outcome.type) {
    case 'shown':
      terminal.data(outcome.patch)
      terminal.note(`not written: branch ${outcome.on}, "${subjectOf(proposal)}"`)
      return 0
    case 'opened':
      terminal.data(`${outcome.pull.url}\n`)
      return 0
    case 'pushed':
      terminal.data(`${branch}\n`)
      terminal.note(
        `pushed ${branch}; open a pull request from it, or: git fetch && git merge origin/${branch} on ${base}`,
      )
      return 0
    case 'committed':
      terminal.data(`${outcome.commit}\n`)
      terminal.note(`committed to ${base}: ${shortCommit(outcome.commit)} "${subjectOf(proposal)}"`)
      return 0
    case 'moved':
      terminal.fail(`${base} has moved meanwhile, and with it ${outcome.paths.join(', ')}; run it again`)
      return 1
    case 'declined':
      return 1
    case 'exists': {
      const { pull } = outcome
      if (pull) terminal.data(`${pull.url}\n`)
      terminal.fail(
        pull
          ? `the branch ${branch} is there already, with this pull request`
          : `the branch ${branch} is there already; merge it, or delete it: git push origin --delete ${branch}`,
      )
      return 1
    }
  }
}

function outcomeData(outcome: ProposalOutcome, { branch, base }: Pick<Proposal, 'branch' | 'base'>) {
  const { type } = outcome
  switch (type) {
    case 'shown':
      return { branch: outcome.on, outcome: type, patch: outcome.patch }
    case 'committed':
      return { branch: base, outcome: type, commit: outcome.commit }
    case 'moved':
    case 'declined':
      return { branch: base, outcome: type }
    case 'pushed':
      return { branch, outcome: type }
    case 'opened':
    case 'exists': {
      const { pull } = outcome
      return { branch, outcome: type, ...(pull ? { pull: { number: pull.number, url: pull.url } } : {}) }
    }
  }
}
