import { type Provenance, parseProvenance } from '../../reconciler/git/generated.ts'
import type { StageWorld } from './world.ts'

/** A commit of the generated branch. */
export interface GeneratedCommit {
  readonly oid: string
  readonly message: string
}

/**
 * Waits until the tip of the generated branch was made for a reason that is right. Rejects with a StageError where no such
 * commit came.
 */
export async function expectGenerated(
  world: StageWorld,
  what: string,
  fine: (provenance: Provenance) => boolean,
): Promise<GeneratedCommit> {
  const look = async () => {
    const oid = await world.person.generated()
    return { oid, message: (await world.person.message(oid)) ?? '' }
  }
  return world.expect(
    `a generated commit with ${what}`,
    look,
    ({ message }) => {
      const provenance = parseProvenance(message)
      return provenance !== undefined && fine(provenance)
    },
    ({ message }) => `"${message.split('\n')[0]}"`,
  )
}

/** A generated commit as a person looks at it: what it says. */
export function commitLines({ oid, message }: GeneratedCommit): readonly string[] {
  return ['$ git show --no-patch --format=%B origin/generated', `generated ${oid.slice(0, 7)}`, ...indented(message)]
}

/** What a generated commit says of why it was made, in one line. */
export function reasonLine({ oid, message }: GeneratedCommit): string {
  const provenance = parseProvenance(message)
  return `generated ${oid.slice(0, 7)} has Reason: ${provenance?.reason}, Source-Commit: ${provenance?.sourceCommit.slice(0, 7)}`
}

/** The lines of a commit message as they are shown below its id; empty ones between are left out. */
export function indented(message: string): readonly string[] {
  const lines = message.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => `    ${line}`)
}
