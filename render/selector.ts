import { errorAt, type SourceDocument } from '../repo-layout/document.ts'
import type { JsonPath } from '../repo-layout/json.ts'
import { hasErrors, type Message } from '../repo-layout/message.ts'
import { labelKeyProblem, labelValueProblem } from '../repo-layout/names.ts'
import { checkSchema } from '../repo-layout/schema/check.ts'
import { type LabelSelector, labelSelector } from '../repo-layout/schema/common.ts'
import { didYouMean } from '../repo-layout/suggest.ts'

type Labels = { readonly [key: string]: string }

/** A label selector that can be evaluated, or why not. An error is never an empty selection. */
export type Selector =
  | { readonly type: 'selector'; matches(labels: Labels): boolean; readonly messages: readonly Message[] }
  | { readonly type: 'error'; readonly messages: readonly Message[] }

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number]

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const

/**
 * Reads the `metav1.LabelSelector` at `path` of a document. The empty selector matches everything; all parts must hold;
 * `NotIn` and `DoesNotExist` also match where the label is missing (`k8s.io/apimachinery` labels.Requirement).
 */
export function readSelector(document: SourceDocument, path: JsonPath): Selector {
  const { value, messages } = checkSchema(labelSelector, document, path)
  const all = [...messages]
  if (!value) return { type: 'error', messages: all }
  const labels = Object.entries(value.matchLabels ?? {})
  for (const [key, text] of labels) {
    const problem = labelKeyProblem(key)
    if (problem)
      all.push(errorAt(document, [...path, 'matchLabels', key], 'selector', `the label key "${key}" ${problem}`))
    const wrong = labelValueProblem(text)
    if (wrong)
      all.push(errorAt(document, [...path, 'matchLabels', key], 'selector', `the label value "${text}" ${wrong}`))
  }
  const requirements = value.matchExpressions ?? []
  for (const [i, requirement] of requirements.entries()) {
    all.push(...requirementProblems(document, [...path, 'matchExpressions', i], requirement))
  }
  if (hasErrors(all)) return { type: 'error', messages: all }
  return {
    type: 'selector',
    messages: all,
    matches: (of) => selects(value, of),
  }
}

/** Whether a selector selects what has these labels; one of an operator that there is not selects nothing. */
export function selects({ matchLabels, matchExpressions }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels ?? {}).every(([key, text]) => labels[key] === text) &&
    (matchExpressions ?? []).every((one) => holds(one, labels))
  )
}

function requirementProblems(document: SourceDocument, path: JsonPath, requirement: Requirement): Message[] {
  const { key, operator, values } = requirement
  const messages: Message[] = []
  const say = (step: string, text: string) => messages.push(errorAt(document, [...path, step], 'selector', text))
  const problem = labelKeyProblem(key)
  if (problem) say('key', `the label key "${key}" ${problem}`)
  const count = values?.length ?? 0
  if (operator === 'In' || operator === 'NotIn') {
    if (count === 0) say('values', `the operator ${operator} needs at least one value`)
    for (const value of values ?? []) {
      const wrong = labelValueProblem(value)
      if (wrong) say('values', `the label value "${value}" ${wrong}`)
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (count > 0) say('values', `the operator ${operator} takes no values`)
  } else {
    say('operator', `"${operator}" is not an operator; write ${operators.join(', ')}${didYouMean(operator, operators)}`)
  }
  return messages
}

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  const listed = value !== undefined && (values ?? []).includes(value)
  if (operator === 'In') return listed
  if (operator === 'NotIn') return !listed
  return (value !== undefined) === (operator === 'Exists')
}
