import { Scalar, type ScalarTag } from 'yaml'
import { shorten } from './value.ts'

/**
 * How plain scalars are read: as sigs.k8s.io/yaml (go-yaml v2) reads them, which is what kubectl and every API server
 * do. That is YAML 1.1 with its own edges: `0644` and `0o644` are 420, `yes`, `on` and `y` are true, `08` is 8,
 * dates and base-60 numbers stay text.
 */
export const kubernetesScalars: ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:null',
    default: true,
    test: /^(?:~|null|Null|NULL)?$/,
    resolve: () => new Scalar(null),
    identify: (value) => value === null || value === undefined,
    stringify: () => 'null',
  },
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
    resolve: (text) => /^(?:y|t|on)/i.test(text),
    identify: (value) => typeof value === 'boolean',
    stringify: ({ value }) => String(value),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*)$/,
    resolve: resolveInteger,
    identify: (value) => Number.isInteger(value),
    stringify: ({ value }) => (Number.isSafeInteger(value) ? String(value) : Number(value).toExponential()),
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^[-+]?(?:\.[0-9][0-9_]*|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9][0-9_]*)?$/,
    resolve: resolveFloat,
    identify: (value) => typeof value === 'number',
    stringify: ({ value }) => String(value),
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^(?:[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$/,
    resolve(text, onError) {
      onError(`JSON has no ${text}${ifText}`)
      return text
    },
  },
  {
    tag: 'tag:yaml.org,2002:binary',
    default: false,
    resolve: (text) => Buffer.from(text, 'base64').toString('utf8'),
  },
]

const ifText = '; quote it if text is meant'

/** Tells what is said here of numbers from all other problems of a text. */
export function isNumberProblem(text: string): boolean {
  return text.endsWith(ifText)
}

type OnError = (message: string) => void

function resolveInteger(text: string, onError: OnError): number | string {
  const [, sign = '', base = '', rest = ''] = /^([-+]?)(0[xXoObB])?(.*)$/.exec(text.replaceAll('_', '')) ?? []
  if (rest === '') return text
  const prefix = base === '' ? (/^0[0-7]+$/.test(rest) ? '0o' : '') : base.toLowerCase()
  const digits = prefix === '0o' && base === '' ? rest.replace(/^0+(?=\d)/, '') : rest
  const value = Number(BigInt(prefix === '' ? digits.replace(/^0+(?=\d)/, '') : prefix + digits))
  if (!Number.isSafeInteger(value)) {
    onError(`${shorten(text)} is too large to be kept exactly${ifText}`)
    return text
  }
  return sign === '-' && value !== 0 ? -value : value
}

function resolveFloat(text: string): number | string {
  const value = Number(text.replaceAll('_', ''))
  return Number.isFinite(value) ? value : text
}
