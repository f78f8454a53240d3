/** A promise that is resolved from outside. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  /** Resolves it; a second call changes nothing. */
  readonly resolve: (value: T) => void
}

/** Makes a promise to be resolved later. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
