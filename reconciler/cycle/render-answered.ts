import type { RenderInput, RenderOutput } from '../../render/input.ts'
import type { Memo } from '../../render/memo.ts'
import { render } from '../../render/render.ts'
import type { ChartView } from '../charts/types.ts'
import { type Clock, sleep } from '../clock.ts'

/** A version is resolved, then the chart is rendered; whatever asks for more than this is asked again next time. */
const mostRounds = 4

/** How long a render waits for charts that are looked for, in milliseconds. */
export interface Patience {
  readonly clock: Clock
  readonly ms: number
}

/**
 * Renders with what charts give: asks for what a render missed and renders again, until nothing is missing. Without a view
 * of charts, applications stay as the previous tree has them. With `patience` it waits no longer than that: what is missing then
 * stays in `needs`, and is found out all the same, so that whoever renders again later has it.
 */
export async function renderAnswered(
  input: Omit<RenderInput, 'charts'>,
  memo: Memo,
  charts?: Pick<ChartView, 'known' | 'fulfil'>,
  patience?: Patience,
): Promise<RenderOutput> {
  const complete: RenderInput = { ...input, charts: charts?.known }
  const start = patience?.clock.now() ?? 0
  let output = render(complete, memo)
  for (let round = 1; charts && output.needs.length > 0 && round < mostRounds; round++) {
    const isAnswered = await within(charts.fulfil(output.needs), patience, start)
    output = render(complete, memo)
    if (!isAnswered) break
  }
  return output
}

/** Whether work is done before the patience is over that began at `start`; without a limit it is waited for. */
async function within(work: Promise<void>, patience: Patience | undefined, start: number): Promise<boolean> {
  const answered = work.then(() => true)
  if (!patience) return answered
  const { clock, ms } = patience
  const done = new AbortController()
  const over = sleep(clock, Math.max(0, start + ms - clock.now()), done.signal).then(() => false)
  return Promise.race([answered, over]).finally(() => done.abort())
}
