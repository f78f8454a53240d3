import { badRequest } from '../status.ts'

/** Whether labels are selected. */
export type LabelTest = (labels: { readonly [key: string]: string } | undefined) => boolean

const requirement =
  /^\s*(?:(?<absent>!)\s*(?<missing>[^\s,!=()]+)|(?<key>[^\s,!=()<>]+)\s*(?:(?<op>==|=|!=|<|>)\s*(?<value>[^\s,()=!<>]*)|(?<set>in|notin)\s*\((?<values>[^)]*)\))?)\s*(?:,|$)/

/** Reads `labelSelector` of a query; throws 400 where it cannot be read. An empty one selects everything. */
export function parseLabelSelector(text: string): LabelTest {
  const tests: LabelTest[] = []
  let rest = text
  while (rest.trim() !== '') {
    const found = rest.match(requirement)
    if (!found || found[0] === '') {
      throw badRequest(`unable to parse requirement: found '${rest.trim()}', expected: identifier`)
    }
    tests.push(testOf(found.groups ?? {}))
    rest = rest.slice(found[0].length)
  }
  return (labels) => tests.every((test) => test(labels))
}

function testOf(groups: { readonly [name: string]: string | undefined }): LabelTest {
  const { missing, key = '', op, value = '', set, values = '' } = groups
  if (missing !== undefined) return (labels) => labels?.[missing] === undefined
  if (set !== undefined) {
    const wanted = new Set(values.split(',').map((one) => one.trim()))
    return set === 'in'
      ? (labels) => labels?.[key] !== undefined && wanted.has(labels[key])
      : (labels) => labels?.[key] === undefined || !wanted.has(labels[key])
  }
  switch (op) {
    case undefined:
      return (labels) => labels?.[key] !== undefined
    case '!=':
      return (labels) => labels?.[key] !== value
    case '<':
      return (labels) => labels?.[key] !== undefined && Number(labels[key]) < Number(value)
    case '>':
      return (labels) => labels?.[key] !== undefined && Number(labels[key]) > Number(value)
    default:
      return (labels) => labels?.[key] === value
  }
}
