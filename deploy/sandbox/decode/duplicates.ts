/**
 * The paths of keys that stand twice in one object of a JSON text: `spec.replicas`, `spec.ports[0].name`. The text must be
 * valid JSON; `JSON.parse` cannot tell, as it keeps the last one silently.
 */
export function duplicateKeys(text: string): readonly string[] {
  const found: string[] = []
  let at = 0

  function space(): void {
    while (at < text.length && text.charCodeAt(at) <= 32) at++
  }

  function string(): string {
    const start = at++
    for (; text[at] !== '"'; at++) if (text[at] === '\\') at++
    at++
    const raw = text.slice(start, at)
    return raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1)
  }

  function value(path: string): void {
    space()
    if (text[at] === '{') object(path)
    else if (text[at] === '[') array(path)
    else if (text[at] === '"') string()
    else while (at < text.length && !',]}'.includes(text[at] ?? '')) at++
    space()
  }

  function object(path: string): void {
    const seen = new Set<string>()
    at++
    space()
    while (text[at] !== '}') {
      const key = string()
      const inner = path === '' ? key : `${path}.${key}`
      if (seen.has(key)) found.push(inner)
      seen.add(key)
      space()
      at++
      value(inner)
      if (text[at] === ',') at++
      space()
    }
    at++
  }

  function array(path: string): void {
    at++
    space()
    for (let i = 0; text[at] !== ']'; i++) {
      value(`${path}[${i}]`)
      if (text[at] === ',') at++
      space()
    }
    at++
  }

  value('')
  return found
}
