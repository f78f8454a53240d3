import type { Diagnosis } from '../recover/diagnose.ts'
import type { Reading } from '../recover/reading.ts'
import type { Recovery } from '../recover/recover.ts'
import { tame } from './tame.ts'
import { count } from './text.ts'

/** What was found, one line each. */
export function diagnosisText(branch: string, diagnosis: Diagnosis): string {
  switch (diagnosis.type) {
    case 'fine':
      return diagnosis.tip
        ? `The branch "${branch}" holds all that was generated and all that runs; nothing is to be recovered.\n`
        : `The branch "${branch}" does not exist, and nothing of this fleet runs anywhere: it is a new one.\n`
    case 'foreign':
      return `The branch "${branch}" was not made by Flotilla. Rename it, or name another with --generated-branch.\n`
    case 'missing':
    case 'lacking': {
      const head =
        diagnosis.type === 'missing' ? `The branch "${branch}" is gone.` : `The branch "${branch}" lacks commits.`
      return `${[head, ...diagnosis.lost.map(({ commit, who }) => `  ${commit.slice(0, 12)} ${who}`)].join('\n')}\n`
    }
  }
}

/** What is going to be done. */
export function recoveryText({ remedy, members, applications, size }: Recovery): string {
  const files = count(size, 'file')
  switch (remedy.type) {
    case 'push':
      return `The clone holds all of it: commit ${remedy.commit.slice(0, 12)} with ${files} is pushed back.\n`
    case 'recommit':
      return `The clone holds all of it, but the branch went another way: ${files} are committed upon it.\n`
    case 'rebuild': {
      const lines = members.map(({ cluster, exact, fromFields, gone }) => {
        const parts = [`${exact} byte for byte`, `${fromFields} from the fields that Flotilla owns`]
        const lost = gone.length === 0 ? '' : `; nothing is left of ${gone.join(', ')}`
        return tame(`  ${cluster}: ${parts.join(', ')}${lost}`)
      })
      const head = `Nobody holds it, so it is put together from what runs: ${files}.`
      return `${[head, ...lines, ...applications.map(applicationText)].join('\n')}\n`
    }
  }
}

function applicationText({ application, givenUp, problem }: Recovery['applications'][number]): string {
  if (problem !== undefined)
    return tame(`  ${application}: stays as it is, for its releases cannot be told: ${problem}`)
  const first =
    givenUp.length === 0 ? '' : `; ${givenUp.join(', ')} is given up, and begins anew where the source still has it`
  return tame(`  ${application}: its releases are what runs${first}`)
}

/** Why a recovery must wait: members that cannot be read. */
export function unreadText(unread: readonly Extract<Reading, { readonly type: 'unread' }>[]): string {
  const lines = unread.map(({ cluster, why }) => tame(`  ${cluster}: ${why}`))
  return [
    `What runs in ${count(unread.length, 'cluster')} cannot be read:`,
    ...lines,
    'Wait for them, or leave each out with --without NAME: nothing is written to it until it was recovered too.',
  ].join('\n')
}
