import type { NameRule } from './kinds/builtin.ts'

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/**
 * What is wrong with an object's name by the rule of its kind, or undefined. The rules are those of the API server
 * (`k8s.io/apimachinery` validation).
 */
export function objectNameProblem(name: string, rule: NameRule): string | undefined {
  switch (rule) {
    case 'label':
      return name.length <= 63 && label.test(name)
        ? undefined
        : 'must be at most 63 lower-case letters, digits and "-", beginning and ending with a letter or digit'
    case 'label1035':
      return name.length <= 63 && label1035.test(name)
        ? undefined
        : 'must be at most 63 lower-case letters, digits and "-", beginning with a letter and ending with a letter or digit'
    case 'segment':
      return name.length <= 253 && !/[/%]/.test(name) && name !== '.' && name !== '..'
        ? undefined
        : 'must not be "." or "..", nor hold "/" or "%"'
    case 'subdomain':
      return name.length <= 253 && subdomain.test(name)
        ? undefined
        : 'must be at most 253 lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit'
  }
}

/**
 * What is wrong with a kind, or undefined. Stricter than a disk needs: kind and apiVersion become folders, and must
 * never lead out of them.
 */
export function kindProblem(kind: string): string | undefined {
  return kind.length <= 63 && /^[A-Za-z][A-Za-z0-9]*$/.test(kind) ? undefined : 'must be letters and digits'
}

/** What is wrong with an apiVersion (`v1`, `apps/v1`), or undefined. */
export function apiVersionProblem(apiVersion: string): string | undefined {
  const [version = '', group, more] = apiVersion.split('/').reverse()
  const fine =
    more === undefined &&
    version.length <= 63 &&
    label1035.test(version) &&
    (group === undefined || group === '' || (group.length <= 253 && subdomain.test(group)))
  return fine ? undefined : 'must be version or group/version, such as v1 or apps/v1'
}

/** Names that would collide with a context of Flotilla's commit statuses. */
const reservedClusters: readonly string[] = ['plan']

/**
 * What is wrong with the name of a member cluster, or undefined. Cluster names are free (`A`, `EU West`) as long as
 * a folder can have the name.
 */
export function clusterNameProblem(name: string): string | undefined {
  if (reservedClusters.includes(name.toLowerCase())) return 'is reserved for the status flotilla/plan'
  if (name.startsWith('.')) return 'must not begin with "."'
  if (/^git~\d+$/i.test(name)) return 'is one that Git refuses as a folder'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[/\\:*?"<>|\u0000-\u001f\u007f]/.test(name)) return 'must not hold / \\ : * ? " < > | or control characters'
  if (/[ .]$/.test(name) || /^ /.test(name)) return 'must not begin or end with a space, nor end with "."'
  if (Buffer.byteLength(name) > 200) return 'must be at most 200 bytes long'
  return undefined
}

const qualifiedName = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$/

/** What is wrong with a label key, or undefined: an optional DNS prefix, `/`, and a name of at most 63 signs. */
export function labelKeyProblem(key: string): string | undefined {
  const [name = '', prefix, more] = key.split('/').reverse()
  const fine =
    more === undefined &&
    name.length <= 63 &&
    qualifiedName.test(name) &&
    (prefix === undefined || (prefix.length <= 253 && subdomain.test(prefix)))
  return fine ? undefined : 'must be a label key: [prefix/]name, the name at most 63 letters, digits, "-", "_" and "."'
}

/** What is wrong with a label value, or undefined: empty, or at most 63 letters, digits, `-`, `_` and `.`. */
export function labelValueProblem(value: string): string | undefined {
  return value === '' || (value.length <= 63 && qualifiedName.test(value))
    ? undefined
    : 'must be a label value: at most 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit'
}
