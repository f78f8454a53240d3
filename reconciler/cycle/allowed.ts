import { parseTrailers } from '../git/trailers.ts'
import type { Repository } from '../git/types.ts'

/** How far back a trailer that allows deletions is looked for, in commits of the source branch. */
const trailerDepth = 50

/** Digests of deletions that the newest commits of the source allow with the trailer `Flotilla-Allow-Delete`. */
export async function allowedDigests(
  repository: Pick<Repository, 'log'>,
  source: string,
): Promise<ReadonlySet<string>> {
  const commits = await repository.log(source, trailerDepth)
  return new Set(
    commits.flatMap(({ message }) =>
      parseTrailers(message)
        .filter(({ key }) => key.toLowerCase() === 'flotilla-allow-delete')
        .map(({ value }) => value),
    ),
  )
}
