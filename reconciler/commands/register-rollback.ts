import type { Command } from 'commander'
import { addForgeOptions, addProposalOptions, addRepositoryOptions } from './fleet-options.ts'
import { helpEnd } from './help.ts'
import type { Registration } from './program.ts'

/** Adds `rollback`, which prepares a revert. */
export function addRollbackCommand(program: Command, { terminal, exit }: Registration): void {
  const command = program
    .command('rollback')
    .description('prepare the revert of a commit, or of the last change of a workload, as a pull request')
    .argument('<commit|workload>', 'such as 4f2a91c, main~1, Deployment/shop/web, shop/web')
  addProposalOptions(addForgeOptions(addRepositoryOptions(command)))
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla rollback 4f2a91c --repo https://git.example.com/platform/fleet.git', ''],
          ['flotilla rollback shop/web --repo ./fleet --dry-run', 'what it would take back'],
          ['flotilla rollback main --commit', 'take the newest commit back at once'],
        ],
        notes: [
          'A commit is taken back as a whole, of a merge all that it brought. Of a workload',
          'it is what the newest commit that changed its file changed in that file alone.',
          '"git revert" and a push do the same, and nothing fights them.',
        ],
        exit: [
          ['0', 'the pull request is open (without a forge: the branch is pushed), committed, or shown'],
          ['1', 'nothing to take back, a conflict, the branch is there already, or not confirmed'],
          ['2', 'no such commit or workload, or it could not be done'],
        ],
        environment: [
          ['FLOTILLA_REPO', 'the fleet repository, as --repo'],
          ['FLOTILLA_GIT_TOKEN', 'token for the Git server; more in "flotilla run --help"'],
          ['FLOTILLA_FORGE_TOKEN', 'token for the forge (default: that of the Git server)'],
          ['GIT_AUTHOR_NAME', 'who commits; also GIT_AUTHOR_EMAIL'],
        ],
      }),
    )
    .action(async (name, options) => {
      const [{ rollbackCommand }, { processContext }] = await Promise.all([
        import('./rollback.ts'),
        import('./context.ts'),
      ])
      exit(await rollbackCommand(name, options, processContext(terminal())))
    })
}
