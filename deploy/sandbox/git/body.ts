import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

const unzip = promisify(gunzip)

/** A body that is larger than the server takes. */
export class BodyTooLarge extends Error {}

/** A push of so many bytes still fits into memory a few times over. */
const largest = 512 * 1024 * 1024

/** The whole body of a request, unpacked: clients of Git zip what they ask. Rejects with BodyTooLarge over 512 MiB. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > largest) throw new BodyTooLarge('a request of over 512 MiB is not taken')
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? unzip(bytes, { maxOutputLength: largest }) : bytes
}
