/**
 * What Helm complains about, as one line that begins with the place in the chart: `templates/x.yaml:4:20: …`. The advice to run
 * Helm by hand is left out, and what means something else here is said in other words.
 */
export function readComplaint(stderr: string): string {
  const text = stderr
    .replace(/^(WARNING|level=WARN|time=).*$/gm, '')
    .replace(/Use --debug flag to render out invalid YAML/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^Error: /, '')
  for (const [pattern, words] of rules) {
    const match = pattern.exec(text)
    if (match) return words(match)
  }
  return text === '' ? 'helm failed and did not say why' : text
}

type Words = (match: RegExpExecArray) => string

/** Messages of Helm 3 and 4 that name a place, or whose advice does not help here. */
const rules: readonly (readonly [RegExp, Words])[] = [
  [
    /^YAML parse error on [^/\s]+\/(\S+): (?:error converting YAML to JSON: )?(?:yaml: )?(.*)$/,
    ([, place, why]) => `${place}: what it renders to is no YAML: ${why}`,
  ],
  [/^(?:execution|parse) error at \([^/\s]+\/([^)]+)\): (.*)$/, ([, place, why]) => `${place}: ${why}`],
  [/^template: [^/\s]+\/(\S+?): (.*)$/, ([, place, why]) => `${place}: ${why}`],
  [/^[^/\s]+\/(templates\/\S+:\d+(?::\d+)?):? (.*)$/, ([, place, why]) => `${place}: ${why}`],
  [
    /found in Chart\.yaml, but missing in charts\/ directory: (.*)$/,
    ([, names]) =>
      `it depends on ${names}, which it does not hold in charts/; package it with "helm package --dependency-update"`,
  ],
  [
    /found in requirements\.yaml, but missing in charts\/ directory: (.*)$/,
    ([, names]) =>
      `it depends on ${names}, which it does not hold in charts/; package it with "helm package --dependency-update"`,
  ],
  [
    /^values don't meet the specifications of the schema\(s\) in the following chart\(s\): (.*)$/,
    ([, why]) => `the values do not fit its values.schema.json: ${why}`,
  ],
]
