import { ApiError, isClusterWide } from './errors.ts'
import type { Transport } from './transport.ts'

/** The same transport, which calls `onAnswer` whenever the API server has said something, be it a refusal. */
export function heard(transport: Transport, onAnswer: () => void): Transport {
  return {
    async request(method, path, options) {
      try {
        const answer = await transport.request(method, path, options)
        onAnswer()
        return answer
      } catch (error) {
        if (error instanceof ApiError && !isClusterWide(error)) onAnswer()
        throw error
      }
    },
    async *stream(path, options) {
      for await (const event of transport.stream(path, options)) {
        onAnswer()
        yield event
      }
    },
    credential: () => transport.credential?.(),
    close: () => transport.close(),
  }
}
