import type { Clock } from '../clock.ts'
import type { Forge } from './types.ts'

/** A repository on a forge. */
export interface Place {
  readonly kind: Forge['kind']
  /** The root of the API, such as `https://git.example.com/api/v1`, without a closing slash. */
  readonly api: string
  /** The root of the pages, without a closing slash. */
  readonly web: string
  /** `owner/name`; on GitLab `group/…/name`. */
  readonly repository: string
}

/** What an adapter needs beside the place and the credential. */
export interface Surroundings {
  /** PEM that is trusted instead of the machine's own authorities. */
  readonly ca?: string | undefined
  readonly clock: Clock
}

/** The path of a repository `owner/name` as part of a URL. */
export function repositoryPath(repository: string): string {
  return repository.split('/').map(encodeURIComponent).join('/')
}
