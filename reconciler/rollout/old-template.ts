import { environmentHash } from '../../render/shipper/hash.ts'
import type { Rollout } from '../../render/shipper/rollout.ts'
import { isTemplateOf, templateOf } from '../../render/shipper/template.ts'
import { getIn } from '../../repo-layout/json.ts'
import { applicationSchema } from '../../repo-layout/schema/shipper.ts'
import { editObject, editsBetween, findObject, type ObjectInText } from './edit-document.ts'

function findApplication(text: string, { namespace, application }: Rollout): ObjectInText | undefined {
  return findObject(text, { kind: 'Application', namespace, name: application })
}

/** Whether a file holds the Application with the very template that a release was made of. */
export function holdsTemplateOf(text: string, release: Rollout): boolean {
  const parsed = applicationSchema.safeParse(findApplication(text, release)?.value)
  if (!parsed.success) return false
  return isTemplateOf(environmentHash(templateOf(parsed.data)), release)
}

/**
 * A file whose Application gets back the template that it had in an older text, of that file or of another; everything else stays as it
 * is, comments and style too. Undefined where either text holds no such Application, or it cannot be edited so.
 */
export function withTemplateOf(text: string, older: string, release: Rollout): string | undefined {
  const path = ['spec', 'template']
  const now = findApplication(text, release)
  const then = getIn(findApplication(older, release)?.value, path)
  if (!now || then === undefined) return undefined
  const whole = { type: 'set', path, value: then } as const
  return editObject(text, now.at, editsBetween(getIn(now.value, path), then, path)) ?? editObject(text, now.at, [whole])
}
