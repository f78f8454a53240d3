import { request } from 'undici'
import { z } from 'zod'
import type { RolloutCheck } from '../../repo-layout/schema/rollouts.ts'
import { explain } from '../git/error.ts'

/** How long an answer may take, in milliseconds. */
const patience = 10_000
/** Longest answer that is read, in bytes. */
const longest = 1024 * 1024

/** Asks a check once: why it does not hold, in one line, or undefined where it does. Never rejects; redirects are not followed. */
export async function askCheck({ http, prometheus }: RolloutCheck, signal: AbortSignal): Promise<string | undefined> {
  try {
    if (http) return await askHttp(http, signal)
    return prometheus && (await askPrometheus(prometheus, signal))
  } catch (error) {
    return explain(error)
  }
}

async function askHttp(
  { url, expect }: NonNullable<RolloutCheck['http']>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { statusCode } = await get(url, signal)
  return statusCode === expect ? undefined : `answered ${statusCode}, not ${expect}`
}

const number = z.tuple([z.number(), z.string()])
const answer = z.object({
  data: z.union([
    z.object({ resultType: z.literal('scalar'), result: number }),
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: number })) }),
  ]),
})

async function askPrometheus(
  { url, query, holds }: NonNullable<RolloutCheck['prometheus']>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const address = new URL('api/v1/query', url.endsWith('/') ? url : `${url}/`)
  address.searchParams.set('query', query)
  const { statusCode, text } = await get(address.href, signal)
  if (statusCode !== 200) return `Prometheus answered ${statusCode}`
  const parsed = answer.safeParse(JSON.parse(text))
  if (!parsed.success) return 'Prometheus answered neither a vector nor a scalar'
  const { data } = parsed.data
  const values = data.resultType === 'scalar' ? [data.result] : data.result.map(({ value }) => value)
  if (values.length === 0) return 'the query has no value'
  const wrong = values.find(([, value]) => !holdsFor(Number(value), holds))
  return wrong === undefined ? undefined : `${wrong[1]} is not ${holds}`
}

function holdsFor(value: number, holds: string): boolean {
  const [, operator = '', limit = ''] = /^([<>=!]+) ?(.*)$/.exec(holds) ?? []
  const than = Number(limit)
  if (Number.isNaN(value)) return false
  const comparisons: Readonly<Record<string, boolean>> = {
    '<': value < than,
    '<=': value <= than,
    '>': value > than,
    '>=': value >= than,
    '==': value === than,
    '!=': value !== than,
  }
  return comparisons[operator] === true
}

async function get(url: string, signal: AbortSignal): Promise<{ readonly statusCode: number; readonly text: string }> {
  const { statusCode, body } = await request(url, { signal, headersTimeout: patience, bodyTimeout: patience })
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > longest) throw new Error(`answered more than ${longest} bytes`)
    chunks.push(chunk)
  }
  return { statusCode, text: Buffer.concat(chunks).toString('utf8') }
}
