import { z } from 'zod'
import type { ForgeEvent } from '../types.ts'

const push = z.object({ ref: z.string() })
const pull = z.object({ number: z.int() })

/** What a webhook request of Gitea or Forgejo is about; undefined where it is of another forge. */
export function eventOf(
  headers: { readonly [name: string]: string | undefined },
  body: unknown,
): ForgeEvent | undefined {
  const name = headers['x-gitea-event'] ?? headers['x-forgejo-event']
  if (name === undefined) return undefined
  const pushed = name === 'push' ? push.safeParse(body) : undefined
  if (pushed?.success && pushed.data.ref.startsWith('refs/heads/'))
    return { type: 'push', branch: pushed.data.ref.slice('refs/heads/'.length) }
  const pulled = name.startsWith('pull_request') ? pull.safeParse(body) : undefined
  return pulled?.success ? { type: 'pull-request', number: pulled.data.number } : { type: 'other' }
}
