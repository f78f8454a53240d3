import type { ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import { sharedHeaders } from './respond.ts'

/** Shortest time between two events of one stream, in milliseconds. */
export const eventInterval = 250

/** Time between two comments that keep the connection from being taken for dead, in milliseconds. */
export const commentInterval = 15_000

/** Where the events of a stream come from. */
export interface EventSource {
  /** The data of the next event, made when it is sent. */
  data(): unknown
  /** Calls back after each change; returns the way to stop it. */
  onChange(listener: () => void): () => void
  readonly clock: Clock
}

/**
 * Answers with a stream of `status` events: one at once, then one after each change, at most four a second, each with the
 * state of the moment. A reader that is slow gets fewer events, never old ones. Returns the way to end the stream.
 */
export function streamEvents(response: ServerResponse, { data, onChange, clock }: EventSource): () => void {
  response.writeHead(200, { ...sharedHeaders, 'content-type': 'text/event-stream; charset=utf-8' })
  let id = 0
  let due = false
  let waiting = false
  let ended = false

  const write = (text: string) => {
    if (!response.write(text)) {
      waiting = true
      response.once('drain', () => {
        waiting = false
        if (due) next()
      })
    }
  }
  let pause: { cancel(): void } | undefined
  const next = () => {
    if (ended || waiting || pause) {
      due = true
      return
    }
    due = false
    id += 1
    write(`id: ${id}\nevent: status\ndata: ${JSON.stringify(data())}\n\n`)
    pause = clock.after(eventInterval, () => {
      pause = undefined
      if (due) next()
    })
  }
  let comment = clock.after(commentInterval, keepAlive)
  function keepAlive() {
    if (!waiting) write(': still here\n\n')
    comment = clock.after(commentInterval, keepAlive)
  }

  const stopListening = onChange(next)
  const end = () => {
    if (ended) return
    ended = true
    stopListening()
    pause?.cancel()
    comment.cancel()
    response.end()
  }
  response.once('close', end)
  next()
  return end
}
