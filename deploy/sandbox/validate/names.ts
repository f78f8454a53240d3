import type { Json } from '../../../repo-layout/json.ts'
import { isJsonObject } from '../../../repo-layout/json.ts'
import type { Cause } from '../status.ts'
import { invalid, required } from './causes.ts'

/** How the name of a kind is checked. */
export type NameRule = 'subdomain' | 'label' | 'label1035' | 'segment'

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

const texts = {
  label:
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  label1035:
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  subdomain:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
} as const

/** What is wrong with `metadata.name`. */
export function nameCauses(rule: NameRule, name: string, field = 'metadata.name'): readonly Cause[] {
  if (name === '') return []
  if (rule === 'segment')
    return name === '.' || name === '..'
      ? [invalid(field, name, `may not be '${name}'`)]
      : [...'/%'].filter((bad) => name.includes(bad)).map((bad) => invalid(field, name, `may not contain '${bad}'`))
  const [pattern, longest] = rule === 'subdomain' ? [subdomain, 253] : rule === 'label' ? [label, 63] : [label1035, 63]
  return [
    ...(name.length > longest ? [invalid(field, name, `must be no more than ${longest} bytes`)] : []),
    ...(pattern.test(name) ? [] : [invalid(field, name, texts[rule])]),
  ]
}

const rules: Readonly<Record<string, NameRule>> = {
  namespaces: 'label',
  services: 'label1035',
  'roles.rbac.authorization.k8s.io': 'segment',
  'rolebindings.rbac.authorization.k8s.io': 'segment',
  'clusterroles.rbac.authorization.k8s.io': 'segment',
  'clusterrolebindings.rbac.authorization.k8s.io': 'segment',
}

/** How the names of a built-in kind are checked. */
export function nameRuleOf(storage: string): NameRule {
  return rules[storage] ?? 'subdomain'
}

const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const valueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const nameText =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

/** What is wrong with labels. */
export function labelCauses(labels: Json | undefined, field: string): readonly Cause[] {
  if (!isJsonObject(labels)) return []
  return Object.entries(labels).flatMap(([key, value]) => [
    ...keyCauses(key, field),
    ...(typeof value === 'string' && value.length > 63 ? [invalid(field, value, 'must be no more than 63 bytes')] : []),
    ...(typeof value === 'string' && !labelValue.test(value) ? [invalid(field, value, valueText)] : []),
  ])
}

/** What is wrong with the keys of annotations; their values may be anything. */
export function annotationCauses(annotations: Json | undefined, field: string): readonly Cause[] {
  return isJsonObject(annotations) ? Object.keys(annotations).flatMap((key) => keyCauses(key.toLowerCase(), field)) : []
}

function keyCauses(key: string, field: string): readonly Cause[] {
  const parts = key.split('/')
  const name = parts.at(-1) ?? ''
  if (parts.length > 2)
    return [
      invalid(
        field,
        key,
        "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
      ),
    ]
  const prefix = parts.length === 2 ? parts[0] : undefined
  const causes: Cause[] = []
  if (prefix === '') causes.push(invalid(field, key, 'prefix part must be non-empty'))
  else if (prefix !== undefined && !subdomain.test(prefix))
    causes.push(invalid(field, key, `prefix part ${texts.subdomain}`))
  if (name === '') causes.push(invalid(field, key, 'name part must be non-empty'))
  else if (name.length > 63) causes.push(invalid(field, key, 'name part must be no more than 63 bytes'))
  if (!qualifiedName.test(name)) causes.push(invalid(field, key, nameText))
  return causes
}

/** A name that must be there. */
export function nameRequired(): Cause {
  return required('metadata.name', 'name or generateName is required')
}
