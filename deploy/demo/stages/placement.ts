import { changeLines } from '../change.ts'
import { placedFile } from '../fleet-files.ts'
import { commitLines, expectGenerated } from '../generated.ts'
import { type Stage, StageError } from '../stage.ts'

const from = '      - us-1\n'
const to = '      - eu-2\n'

/** A commit moves a workload from one cluster to another. */
export const placement: Stage = {
  name: 'Placement change',
  will: 'a commit moves a workload from us-1 to eu-2',
  command: 'git commit --all --message "Run test-deployment in Europe only" && git push',
  async run(world) {
    const before = await world.person.read(placedFile)
    const after = before.replace(from, to)
    if (after === before) throw new StageError(`expected a placement on us-1 in ${placedFile}\n     saw none`)
    world.tell(changeLines(placedFile, before, after))
    const source = await world.person.commit(new Map([[placedFile, after]]), 'Run test-deployment in Europe only')
    const seen = await world.expectRunning({ 'test-namespace/test-deployment': { 'eu-1': 3, 'eu-2': 3, 'us-1': 0 } })
    const made = ({ sourceCommit }: { readonly sourceCommit: string }) => sourceCommit === source
    const commit = await expectGenerated(world, `Source-Commit: ${source}`, made)
    return { shown: commitLines(commit), came: [seen] }
  },
}
