import type { Dispatcher } from 'undici'

/** A request that was not sent, because at the last moment it was not allowed any more. Nothing of it left this process. */
export class HeldBackError extends Error {
  override readonly name = 'HeldBackError'
}

/** What may stand among the options of a request: asked when a connection is free, right before the first byte is written. */
export interface LastCheck {
  readonly maySend?: (() => boolean) | undefined
}

/**
 * Has `maySend` asked at the last moment, for a request may wait long after it was made: for a free connection, or for a
 * process that was stopped meanwhile.
 */
export const holdBack: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const { maySend } = options as LastCheck
  return dispatch(options, maySend ? checked(handler, maySend) : handler)
}

function checked(handler: Dispatcher.DispatchHandler, maySend: () => boolean): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller, context) {
      if (maySend()) handler.onRequestStart?.(controller, context)
      else controller.abort(new HeldBackError('the request was held back'))
    },
    onResponseStart: (controller, status, headers, text) =>
      handler.onResponseStart?.(controller, status, headers, text),
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  }
}
