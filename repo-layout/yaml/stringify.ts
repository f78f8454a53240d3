import { type CreateNodeOptions, Document, type DocumentOptions, type SchemaOptions, stringify, visit } from 'yaml'
import type { Json } from '../json.ts'
import { kubernetesScalars } from './scalars.ts'

const options = {
  version: '1.2',
  schema: 'failsafe',
  customTags: kubernetesScalars,
  compat: 'yaml-1.1',
  aliasDuplicateObjects: false,
} satisfies CreateNodeOptions & DocumentOptions & SchemaOptions

const style = { lineWidth: 0 }

/** How lists in maps stand: indented below their key, or in its column. */
export interface YamlStyle {
  readonly indentSeq?: boolean
}

/** Signs that readers of YAML 1.1 refuse, or take for the end of a line. */
const unsafe = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/

/** Texts whose blocks go-yaml reads otherwise: it takes a tab at the beginning, or blanks alone, for indentation. */
const oddBlock = /^\n*\t|^\s*\n\s*$/

/** What their blocks look like, and some others. */
const maybeOddBlock = /\|[-+]?\n *[\n\t]/

/**
 * Writes a value as YAML in one style: two spaces, no line folding, no aliases, and quotes wherever any reader of YAML
 * 1.1 or 1.2 could take a text for something else. Equal values with equal order of keys give equal bytes.
 */
export function stringifyYaml(value: Json, { indentSeq = true }: YamlStyle = {}): string {
  const text = stringify(value, { ...options, ...style, indentSeq })
  return unsafe.test(text) || maybeOddBlock.test(text) ? stringifyEscaped(value, indentSeq) : text
}

/** A text in double quotes can hold anything, as an escape. */
function stringifyEscaped(value: Json, indentSeq: boolean): string {
  const document = new Document(value, options)
  visit(document, {
    Scalar(_, node) {
      const { value } = node
      if (typeof value === 'string' && (unsafe.test(value) || oddBlock.test(value))) node.type = 'QUOTE_DOUBLE'
    },
  })
  return document
    .toString({ ...style, indentSeq })
    .replace(new RegExp(unsafe, 'g'), (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
