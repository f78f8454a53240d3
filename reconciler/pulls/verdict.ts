import type { Message } from '../../repo-layout/message.ts'
import type { Annotation } from '../forge/types.ts'
import { planClosing, withoutPlan } from '../views/plan-groups.ts'
import { reasonFirst } from '../views/refusal.ts'
import { count, oneLine } from '../views/text.ts'
import { isTouched, removesAny, treeChanges } from './changes.ts'
import type { Attempt, Verdict } from './types.ts'

/**
 * The verdict on a head. It fails for what the head itself does: errors that the base does not have, conflicts, deletions over
 * the budget, objects of its own that a cluster refuses. What waits, was wrong before, or is nobody's fault fails nothing.
 */
export function verdictOf(attempt: Attempt, known: readonly Message[]): Verdict {
  switch (attempt.type) {
    case 'conflict':
      return failure(`does not merge; conflicts in ${listed(attempt.paths)}`)
    case 'refused':
      return failure(`not planned: ${attempt.text}`)
    case 'unplannable':
      return { state: 'error', description: `not planned: ${oneLine(attempt.text)}` }
    case 'unreadable':
      return failure(`the fleet could not be read: ${firstError(attempt.messages)}`)
    case 'planned':
      return verdictOfPlan(attempt, newErrors(attempt.plan.messages, known))
  }
}

function verdictOfPlan({ plan, trees }: Extract<Attempt, { type: 'planned' }>, errors: readonly Message[]): Verdict {
  const changes = treeChanges(trees.before, trees.after)
  const refused = plan.clusters.flatMap(({ cluster, objects }) =>
    objects.filter(({ action, subject }) => action === 'failed' && isTouched(changes, cluster, subject)),
  )
  const problems = [
    errors.length > 0 ? `${count(errors.length, 'error')}: ${firstError(errors)}` : '',
    refused[0]
      ? `${count(refused.length, 'object')} would fail: ${refused[0].subject}: ${reasonFirst(refused[0].why)}`
      : '',
    plan.deletions.verdict === 'over' && removesAny(changes) ? plan.deletions.text : '',
    plan.removals ?? '',
  ].filter((problem) => problem !== '')
  const numbers = withoutPlan(planClosing(plan))
  if (problems.length > 0) return failure(oneLine([...problems, numbers].join('; ')))
  return { state: 'success', description: numbers }
}

/** Errors of the source that are not there without the head. */
export function newErrors(messages: readonly Message[], known: readonly Message[]): readonly Message[] {
  const before = new Set(known.map(nameOf))
  return messages.filter((message) => message.severity === 'error' && !before.has(nameOf(message)))
}

function nameOf({ path, code, text }: Message): string {
  return JSON.stringify([path, code, text])
}

/** The messages about files that the head brings, as a forge shows them beside the lines. */
export function annotationsOf(attempt: Attempt): readonly Annotation[] {
  if (attempt.type !== 'planned' && attempt.type !== 'unreadable') return []
  return messagesOf(attempt)
    .filter(({ path }) => attempt.brought.has(path))
    .map(({ path, line, column, severity, text, code }) => ({
      ...{ path, line, column, severity },
      text: `${oneLine(text)} [${code}]`,
    }))
}

/** What the source of a plan says. */
export function messagesOf(attempt: Attempt): readonly Message[] {
  if (attempt.type === 'unreadable') return attempt.messages
  return attempt.type === 'planned' ? attempt.plan.messages : []
}

function firstError(messages: readonly Message[]): string {
  const [first] = messages.filter(({ severity }) => severity === 'error')
  return first ? `${first.path}:${first.line}: ${oneLine(first.text)}` : 'there is nothing to read'
}

function failure(description: string): Verdict {
  return { state: 'failure', description }
}

function listed(paths: readonly string[]): string {
  return paths.length > 3 ? `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more` : paths.join(', ')
}
