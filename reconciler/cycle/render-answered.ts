import type { RenderInput, RenderOutput } from '../../render/input.ts'
import type { Memo } from '../../render/memo.ts'
import { render } from '../../render/render.ts'
import type { ChartView } from '../charts/types.ts'

/** A version is resolved, then the chart is rendered; whatever asks for more than this is asked again next time. */
const mostRounds = 4

/**
 * Renders with what charts give: asks for what a render missed and renders again, until nothing is missing. Without a view
 * of charts, applications stay as the previous tree has them.
 */
export async function renderAnswered(
  input: Omit<RenderInput, 'charts'>,
  memo: Memo,
  charts?: Pick<ChartView, 'known' | 'fulfil'>,
): Promise<RenderOutput> {
  const complete: RenderInput = { ...input, charts: charts?.known }
  let output = render(complete, memo)
  for (let round = 1; charts && output.needs.length > 0 && round < mostRounds; round++) {
    await charts.fulfil(output.needs)
    output = render(complete, memo)
  }
  return output
}
