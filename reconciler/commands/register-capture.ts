import { type Command, Option } from 'commander'
import { addBranchOptions, addForgeOptions, addProposalOptions, sourceOption } from './fleet-options.ts'
import { helpEnd } from './help.ts'
import { collect } from './option.ts'
import type { Registration } from './program.ts'
import { daemonEnvironment, serverOption } from './register-daemon.ts'

/** Adds `capture`, which takes what was set by hand in a cluster into Git. */
export function addCaptureCommand(program: Command, { terminal, exit }: Registration): void {
  const command = program
    .command('capture')
    .description('take what was set by hand in a cluster into Git, as a pull request')
    .argument('<subject>', 'the SUBJECT (Deployment.apps/shop/web), in this cluster')
    .addOption(new Option('-c, --cluster <name>', 'the cluster').makeOptionMandatory())
    .addOption(
      new Option('--field <path>', 'only this field, as "flotilla diff" writes it; repeatable')
        .argParser(collect)
        .default([], 'all of the last change'),
    )
    .option('--history', 'what was written over last, also where something differs now')
    .addOption(serverOption())
    .addOption(new Option('--repo <url>', 'the fleet repository: https://…, or a path').env('FLOTILLA_REPO'))
    .addOption(sourceOption())
  addForgeOptions(addBranchOptions(command)).option(
    '-m, --message <text>',
    'first line of the commit, title of the pull request',
  )
  addProposalOptions(command)
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla diff --history -c eu-1', 'what was set by hand, and healed'],
          ['flotilla capture deployment/shop/web -c eu-1 --repo ./fleet', 'propose it'],
          ['flotilla capture deployment/shop/web -c eu-1 --source . --dry-run', 'see the change'],
          ['flotilla capture deployment/shop/web -c eu-1 --source . --field /spec/replicas', ''],
        ],
        notes: [
          'It takes what differs now; where nothing does, what was written over last.',
          'It becomes an override of this cluster in the federated document, whose',
          'comments and order stay. It is rendered before and after: the copy in this',
          'cluster is then as it was set, and no other changes; else nothing is written.',
          'Values of Secrets, status and what is of Flotilla itself are not captured,',
          'nor a deletion, an order of items, replicas that a preference divides.',
        ],
        exit: [
          ['0', 'the pull request is open (without a forge: the branch is pushed), committed, written, or shown'],
          ['1', 'nothing to capture, a field that cannot be, the branch is there already, or not confirmed'],
          ['2', 'no daemon answers, nothing has the name, or it could not be done'],
        ],
        environment: [
          ...daemonEnvironment,
          ['FLOTILLA_REPO', 'the fleet repository, as --repo'],
          ['FLOTILLA_GIT_TOKEN', 'token for the Git server; more in "flotilla run --help"'],
          ['FLOTILLA_FORGE_TOKEN', 'token for the forge (default: that of the Git server)'],
          ['GIT_AUTHOR_NAME', 'who commits; also GIT_AUTHOR_EMAIL'],
        ],
      }),
    )
    .action(async (subject, options) => {
      const [{ captureCommand }, { processContext }] = await Promise.all([
        import('./capture.ts'),
        import('./context.ts'),
      ])
      exit(await captureCommand(subject, options, processContext(terminal())))
    })
}
