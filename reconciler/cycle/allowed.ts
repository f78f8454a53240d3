import { parseTrailers } from '../git/trailers.ts'
import type { Repository } from '../git/types.ts'

/**
 * How far back a trailer that allows deletions is looked for, in commits of the source branch. A digest names the very objects
 * by their uids, so an old trailer allows nothing that it was not written for.
 */
const trailerDepth = 100

/**
 * Digests of deletions that the newest commits of the source, those of merged branches too, allow with the trailer
 * `Flotilla-Allow-Delete`.
 */
export async function allowedDigests(
  repository: Pick<Repository, 'logAll'>,
  source: string,
): Promise<ReadonlySet<string>> {
  const commits = await repository.logAll(source, trailerDepth)
  return new Set(
    commits.flatMap(({ message }) =>
      parseTrailers(message)
        .filter(({ key }) => key.toLowerCase() === 'flotilla-allow-delete')
        .map(({ value }) => value),
    ),
  )
}
