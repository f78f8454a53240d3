import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { goal, medianOf, type Row } from './result.ts'

/** How much is rendered and how often. */
export interface RenderSettings {
  readonly objects: number
  readonly clusters: number
  readonly runs: number
}

/**
 * Renders a fleet from nothing and after a change of one file, reading included; each run in a process of its own. The
 * first renders of a process run code that is not compiled yet: of the small ones the median of all counts.
 */
export async function renderRows(settings: RenderSettings, say: (line: string) => void): Promise<readonly Row[]> {
  const program = fileURLToPath(new URL('./render.ts', import.meta.url))
  const size = [String(settings.objects), String(settings.clusters)]
  const [cold, small]: [number[], number[]] = [[], []]
  for (let run = 0; run < settings.runs; run++) {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program, ...size])
    const { first, rounds } = readTimes(stdout)
    cold.push(first / 1000)
    small.push(...rounds)
    say(`render: run ${run + 1}: ${(first / 1000).toFixed(1)} s, then ${medianOf(rounds).value.toFixed(1)} ms`)
  }
  const title = `Render ${settings.objects} objects × ${settings.clusters} clusters`
  const [flotilla, one] = [medianOf(cold), medianOf(small)]
  return [
    { name: 'render', title: `${title}, cold`, unit: 's', flotilla, goal: goal('≤ 10 s', flotilla.value <= 10) },
    {
      name: 'render-one',
      title: `${title}, one file changed`,
      unit: 'ms',
      flotilla: one,
      goal: goal('≤ 50 ms', one.value <= 50),
    },
  ]
}

/** Sums what `render.ts` prints of reading and rendering: for the cold render, and for each round after it. */
export function readTimes(output: string): { readonly first: number; readonly rounds: readonly number[] } {
  const sums = new Map<string, number>()
  for (const [, what = '', milliseconds = ''] of output.matchAll(/^(cold|round \d+): .* (\d+(?:\.\d+)?) ms$/gm))
    sums.set(what, (sums.get(what) ?? 0) + Number(milliseconds))
  const first = sums.get('cold')
  sums.delete('cold')
  if (first === undefined || sums.size === 0) throw new Error(`render.ts printed no times:\n${output}`)
  return { first, rounds: [...sums.values()] }
}
