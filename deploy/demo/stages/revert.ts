import { expectGenerated, reasonLine } from '../generated.ts'
import type { Stage } from '../stage.ts'

/** The placement change is taken back by Git alone. */
export const revert: Stage = {
  name: 'Rollback',
  will: 'git revert takes the placement change back',
  command: 'git revert --no-edit HEAD && git push',
  async run(world) {
    const source = await world.person.revert()
    const seen = await world.expectRunning({ 'test-namespace/test-deployment': { 'eu-1': 3, 'eu-2': 0, 'us-1': 5 } })
    const made = ({ sourceCommit }: { readonly sourceCommit: string }) => sourceCommit === source
    const commit = await expectGenerated(world, `Source-Commit: ${source}`, made)
    return { came: [`${seen} (as before)`, reasonLine(commit)] }
  },
}
