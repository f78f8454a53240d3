import { StringDecoder } from 'node:string_decoder'
import { isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { ApiError } from './errors.ts'

/**
 * Splits a stream of bytes into JSON objects, one a line, whatever the chunks. Throws an `ApiError` on a line that is no
 * JSON object: a watch that cannot be read must be started anew, not passed over. A last line without an end is dropped,
 * because the connection broke inside of it.
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<JsonObject> {
  const decoder = new StringDecoder('utf8')
  let parts: string[] = []
  for await (const chunk of chunks) {
    const pieces = decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)).split('\n')
    const last = pieces.pop() ?? ''
    for (const piece of pieces) {
      const line = parts.join('') + piece
      parts = []
      if (line.trim() !== '') yield parseLine(line)
    }
    if (last !== '') parts.push(last)
  }
}

function parseLine(line: string): JsonObject {
  let value: Json
  try {
    value = JSON.parse(line) as Json
  } catch (error) {
    throw broken(error)
  }
  if (!isJsonObject(value)) throw broken(undefined)
  return value
}

function broken(cause: unknown): ApiError {
  return new ApiError(
    'the watch sent a line that is no JSON object',
    { type: 'server', status: 502, retryAfterMs: 1000 },
    { cause },
  )
}
