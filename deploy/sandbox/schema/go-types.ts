/** What the Go source of a struct says about one JSON field. */
export interface GoField {
  readonly type: string
  readonly pointer: boolean
  readonly omitempty: boolean
  readonly omitzero: boolean
}

/** The JSON fields of a struct by name, and the types that it embeds. */
export interface GoStruct {
  readonly fields: ReadonlyMap<string, GoField>
  readonly embedded: readonly string[]
}

/**
 * The structs of a Go source file by name. It reads the plain style of Kubernetes' API types, one field a line with a
 * `json` tag; anything else it passes over.
 */
export function readGoStructs(source: string): ReadonlyMap<string, GoStruct> {
  const structs = new Map<string, GoStruct>()
  for (const [, name = '', body = ''] of source.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
    const fields = new Map<string, GoField>()
    const embedded: string[] = []
    for (const line of body.split('\n')) {
      const found = line.match(/^\t(?:(\w+)\s+)?(\S+)\s+`[^`]*json:"([^"]*)"/)
      if (!found) continue
      const [, , type = '', tag = ''] = found
      const [json = '', ...options] = tag.split(',')
      if (options.includes('inline')) embedded.push(type.split('.').at(-1) ?? type)
      else if (json !== '' && json !== '-')
        fields.set(json, {
          type: type.replace(/^\*/, ''),
          pointer: type.startsWith('*'),
          omitempty: options.includes('omitempty'),
          omitzero: options.includes('omitzero'),
        })
    }
    structs.set(name, { fields, embedded })
  }
  return structs
}
