/** What kind of failure it is; stable, for metrics and for deciding whether to try again. */
export type GitErrorCode =
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'unreachable'
  | 'timeout'
  | 'server'
  | 'corrupt'
  | 'config'

/** A failure of the fleet repository: one line that names the remote without a credential, and what a person can do. */
export class GitError extends Error {
  override readonly name = 'GitError'
  readonly code: GitErrorCode
  readonly hint: string | undefined

  constructor(code: GitErrorCode, message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(oneLine(message), options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }
}

/**
 * Gives any error of reading or writing a repository as a GitError: one that is already a GitError as it is, one of the
 * Git library by its stable code, everything else as `corrupt`, since the network's errors were mapped where they arose.
 */
export function toGitError(error: unknown, where: string): GitError {
  if (error instanceof GitError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = errorCode(error)
  if (code === 'NotFoundError') return new GitError('not-found', `${where}: ${message}`, { cause: error })
  if (code === 'SmartHttpError' || code === 'ParseError' || code === 'EmptyServerResponseError') {
    return new GitError('config', `${where} does not answer as a Git server`, {
      hint: 'check the address; it is the one that "git clone" takes',
      cause: error,
    })
  }
  if (code === 'RemoteCapabilityError' || code === 'GitPushError') {
    return new GitError('server', `${where}: ${message}`, { cause: error })
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOSPC' || code === 'ENOTDIR') {
    return new GitError('config', `${where}: ${message}`, {
      hint: 'the daemon must be able to write to the folder',
      cause: error,
    })
  }
  return new GitError('corrupt', `${where}: ${message}`, { cause: error })
}

/** One line for people: what happened and, where that is known, what to do about it. */
export function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return error instanceof GitError && error.hint !== undefined ? `${message}; ${error.hint}` : message
}

/** The `code` of an error of Node or of the Git library, or `''`. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}

/** Text of others on one line: no control signs that could forge lines of a log, and at most 1,000 signs. */
export function oneLine(text: string): string {
  const line = [...text].map((sign) => (sign < ' ' || sign === '\u007f' ? ' ' : sign)).join('')
  const short = line.replace(/ {2,}/g, ' ').trim()
  return short.length > 1000 ? `${short.slice(0, 999)}…` : short
}
