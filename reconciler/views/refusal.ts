/** What an API server says before the reason, of an object that is named beside it anyway. */
const preamble = /^\S+ "[^"]*" is (?:forbidden|invalid): /

/** Who refuses, and why: the longest part stands before the one that says what to do. */
const refusals: readonly (readonly [form: RegExp, by: string])[] = [
  [/^ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: (.+)$/s, 'policy'],
  [/^admission webhook "([^"]+)" denied the request: (.+)$/s, 'webhook'],
]

/**
 * The refusal of an API server with its reason first, for where room is scarce: `denied: use registry.example.com (policy image)`. A
 * text in any other form stays as it is, but for the object that it begins with. Pure.
 */
export function reasonFirst(text: string): string {
  const said = text.replace(preamble, '')
  for (const [form, by] of refusals) {
    const [, name, why] = form.exec(said) ?? []
    if (name !== undefined && why !== undefined) return `denied: ${why.trim()} (${by} ${name})`
  }
  return said
}
