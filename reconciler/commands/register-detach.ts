import { type Command, Option } from 'commander'
import { addHostOptions, addRepositoryOptions } from './fleet-options.ts'
import { helpEnd } from './help.ts'
import type { Registration } from './program.ts'

/** Adds `detach`, which takes Flotilla out of a member cluster. */
export function addDetachCommand(program: Command, { terminal, exit }: Registration): void {
  const command = program
    .command('detach')
    .description('take Flotilla out of a member cluster and leave its workloads running')
    .requiredOption('-c, --cluster <name>', 'the cluster')
  addHostOptions(addRepositoryOptions(command))
    .option('--kubeconfig <file>', 'reach the cluster by this file instead of the connection that Git names')
    .option('--context <name>', 'context of that file (default: its current one)')
    .option('--dry-run', 'show what would be done, write nothing')
    .option('--force', 'although the fleet still looks after the cluster')
    .addOption(new Option('-o, --output <format>', 'how to show it').choices(['wide', 'json', 'yaml', 'name']))
    .option('--no-headers', 'leave out the heads of tables')
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla detach --repo ./fleet --cluster eu-1 --dry-run', 'what it would do'],
          ['flotilla detach --repo ./fleet --cluster eu-1', ''],
          ['flotilla detach --repo ./fleet --cluster eu-1 --kubeconfig ~/.kube/eu-1', 'when its file has left Git'],
        ],
        notes: [
          'Before it, set spec.suspend: true on the Cluster, or remove its file, and push.',
          'A daemon that runs is stopped for that cluster by the epoch of the inventory.',
          'Our label, id, field manager, inventory and key go; nothing else is changed or',
          'deleted. It can be run again after whatever ended it.',
        ],
        exit: [
          ['0', 'nothing of the fleet is left there; with --dry-run: shown'],
          ['1', 'something is left: it says what; run it again'],
          ['2', 'it did not begin: no such cluster, not reached, or still looked after'],
          ['130', 'interrupted'],
        ],
        environment: [
          ['FLOTILLA_REPO', 'the fleet repository, as --repo'],
          ['FLOTILLA_GIT_TOKEN', 'token for the Git server; also as …_FILE'],
          ['XDG_CACHE_HOME', 'where the clone is kept, in flotilla/'],
        ],
      }),
    )
    .action(async (options) => {
      const { detachCommand } = await import('./detach.ts')
      const { processContext } = await import('./context.ts')
      exit(await detachCommand(options, processContext(terminal())))
    })
}
