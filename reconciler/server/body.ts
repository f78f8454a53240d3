import type { IncomingMessage } from 'node:http'

/** Longest request body that is read, in bytes. */
export const bodyLimit = 1024 * 1024

/**
 * Reads a request body, or gives undefined where it is over the limit; what comes after the limit is not kept. Rejects
 * when the client goes away.
 */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bodyLimit) return undefined
  const chunks: Buffer[] = []
  let size = 0
  // Left by hand and not by the loop: a loop that is left early destroys the socket before the answer is out.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length
    if (size > bodyLimit) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}
