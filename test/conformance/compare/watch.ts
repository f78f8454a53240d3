import type { Json } from '../../../repo-layout/json.ts'
import type { ApiResponse } from '../../testbed/api-client.ts'
import { dig, ok, openWatch, type Target, textAt } from '../target.ts'

/** Watches a collection from now on. `end` creates the last object, and gives what was told before it. */
export async function watched(target: Target, collection: string, query: string) {
  const from = textAt(ok(await target.request('GET', collection)), 'metadata', 'resourceVersion')
  const watching = openWatch(target, `${collection}?watch=1&resourceVersion=${from}&${query}`)
  return {
    async end(last: Json): Promise<ApiResponse> {
      ok(await target.request('POST', collection, last), 201)
      const name = dig(last, 'metadata', 'name')
      const events = await watching.before((event) => dig(event, 'object', 'metadata', 'name') === name)
      return { status: 200, body: events }
    },
    close: watching.close,
  }
}
