import { getIn, type JsonObject } from '../../repo-layout/json.ts'
import { itemsOf } from './errors.ts'
import type { RequestOptions, Transport } from './transport.ts'

/** Objects asked for at a time. */
const page = '500'

/**
 * The pages of a list, as the server sent them: a list may hold more than is good to keep. Throws an `ApiError` where any of
 * it cannot be had.
 */
export async function* pagesOf(
  transport: Transport,
  path: string,
  { query, accept }: Pick<RequestOptions, 'query' | 'accept'> = {},
): AsyncGenerator<JsonObject> {
  let next: string | undefined
  do {
    const { json } = await transport.request('GET', path, {
      query: { ...query, limit: page, continue: next },
      ...(accept === undefined ? {} : { accept }),
    })
    yield json
    const token = getIn(json, ['metadata', 'continue'])
    next = typeof token === 'string' && token !== '' ? token : undefined
  } while (next !== undefined)
}

/** Every item of a list. Throws an `ApiError` where any of it cannot be had. */
export async function listAll(
  transport: Transport,
  path: string,
  query: NonNullable<RequestOptions['query']>,
): Promise<JsonObject[]> {
  const items: JsonObject[] = []
  for await (const json of pagesOf(transport, path, { query })) items.push(...itemsOf(json))
  return items
}
