import { type Document, isMap, parseAllDocuments } from 'yaml'
import { environmentHash } from '../../render/shipper/hash.ts'
import type { Rollout } from '../../render/shipper/rollout.ts'
import { environmentOf } from '../../render/shipper/template.ts'
import { applicationSchema } from '../../repo-layout/schema/shipper.ts'

/** The Application of this name in a file; undefined where there is none, or the file cannot be read. */
function findApplication(text: string, { namespace, application }: Rollout): Document | undefined {
  const documents = parseAllDocuments(text) as readonly Document[]
  return documents.find(
    (document) =>
      document.errors.length === 0 &&
      isMap(document.contents) &&
      document.get('kind') === 'Application' &&
      document.getIn(['metadata', 'name']) === application &&
      (document.getIn(['metadata', 'namespace']) ?? 'default') === namespace,
  )
}

/** Whether a file holds the Application with the very template that a release was made of. */
export function holdsTemplateOf(text: string, release: Rollout): boolean {
  const parsed = applicationSchema.safeParse(findApplication(text, release)?.toJS())
  if (!parsed.success) return false
  const hash = environmentHash(environmentOf(parsed.data.spec.template))
  return hash === release.template || hash === release.hash
}

/**
 * A file whose Application gets back the template that it had in an older text of that file; everything else stays as it
 * is. Undefined where either text holds no such Application.
 */
export function withTemplateOf(text: string, older: string, release: Rollout): string | undefined {
  const documents = parseAllDocuments(text) as readonly Document[]
  const index = documents.findIndex(
    (document) =>
      document.get('kind') === 'Application' && document.getIn(['metadata', 'name']) === release.application,
  )
  const template = findApplication(older, release)?.getIn(['spec', 'template'], true)
  const document = documents[index]
  if (!document || template === undefined) return undefined
  document.setIn(['spec', 'template'], template)
  return documents.map((one) => one.toString({ lineWidth: 0 })).join('')
}
