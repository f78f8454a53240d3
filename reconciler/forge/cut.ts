/** At most `limit` code points of a text; what was cut ends with `…`. */
export function cut(text: string, limit: number): string {
  const signs = [...text]
  return signs.length <= limit ? text : `${signs.slice(0, limit - 1).join('')}…`
}
