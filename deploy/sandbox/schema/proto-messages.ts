/** One field of a message: its JSON name, its type, and how it is repeated. */
export interface ProtoField {
  readonly number: number
  readonly name: string
  /** `string`, `int32`, … or the full name of a message. */
  readonly type: string
  readonly repeated: boolean
  /** The type of the values where the field is a map; keys are texts. */
  readonly mapOf: string | undefined
}

const scalars = new Set(['string', 'bytes', 'bool', 'int32', 'int64', 'uint32', 'uint64', 'double', 'float', 'sint64'])

/** The messages of a `.proto` file by full name. It reads the plain style of Kubernetes' generated files. */
export function readProtoMessages(source: string): ReadonlyMap<string, readonly ProtoField[]> {
  const home = source.match(/^package ([\w.]+);/m)?.[1] ?? ''
  const full = (type: string) =>
    scalars.has(type) ? type : type.startsWith('.') ? type.slice(1) : type.includes('.') ? type : `${home}.${type}`
  const messages = new Map<string, readonly ProtoField[]>()
  for (const [, name = '', body = ''] of source.matchAll(/^message (\w+) \{\n([\s\S]*?)^\}/gm)) {
    const lines = body.matchAll(
      /^ {2}(optional|repeated) ([\w.]+) (\w+) = (\d+)|^ {2}map<string, ([\w.]+)> (\w+) = (\d+)/gm,
    )
    const fields = [...lines].map(
      ([, rule, type = '', field = '', number, value, map = '', at]): ProtoField =>
        value === undefined
          ? { number: Number(number), name: field, type: full(type), repeated: rule === 'repeated', mapOf: undefined }
          : { number: Number(at), name: map, type: 'map', repeated: false, mapOf: full(value) },
    )
    messages.set(`${home}.${name}`, fields)
  }
  return messages
}
