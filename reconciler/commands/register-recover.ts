import { type Command, Option } from 'commander'
import { processContext } from './context.ts'
import { addHostOptions, addRepositoryOptions } from './fleet-options.ts'
import { helpEnd } from './help.ts'
import { collect } from './option.ts'
import type { Registration } from './program.ts'

/** Adds `recover`, which has a lost generated branch again. */
export function addRecoverCommand(program: Command, { terminal, exit }: Registration): void {
  const command = program.command('recover').description('have a generated branch again that was deleted or rewound')
  addHostOptions(addRepositoryOptions(command))
    .addOption(
      new Option('--without <cluster>', 'go on without this member, which cannot be reached; repeatable')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--dry-run', 'say what is lost and what would be done, and do nothing')
    .option('-y, --yes', 'do not ask')
    .addOption(
      new Option('-o, --output <format>', 'print what was found and done for a program').choices(['json', 'yaml']),
    )
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla recover --repo https://git.example.com/platform/fleet.git --dry-run', ''],
          ['flotilla recover --repo ./fleet --yes', 'from the clone, else from what runs'],
          ['flotilla recover --repo ./fleet --without eu-3', 'eu-3 stays as it is until it was recovered too'],
        ],
        notes: [
          'Give the --dir of a daemon that has ended: its clone may hold all of it.',
          'Else the branch is put together from what runs; no replica is moved by that.',
          'With the host cluster of the daemons (--host-kubeconfig) it holds their Lease',
          'while it works, and does nothing while a daemon has it.',
        ],
        exit: [
          ['0', 'the branch is fine, or was recovered'],
          ['1', 'something is lost and nothing was done'],
          ['2', 'it cannot be recovered now, or a daemon is active'],
        ],
        environment: [
          ['FLOTILLA_REPO', 'the fleet repository, as --repo'],
          ['FLOTILLA_GIT_TOKEN', 'token for the Git server; FLOTILLA_GIT_USERNAME and FLOTILLA_GIT_PASSWORD else'],
        ],
      }),
    )
    .action(async (options) => {
      const { recoverCommand } = await import('./recover.ts')
      exit(await recoverCommand(options, processContext(terminal())))
    })
}
