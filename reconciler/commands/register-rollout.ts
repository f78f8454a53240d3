import { type Command, Option } from 'commander'
import { addForgeOptions, addProposalOptions, addRepositoryOptions, sourceOption } from './fleet-options.ts'
import { helpEnd } from './help.ts'
import type { Registration } from './program.ts'
import { daemonEnvironment, serverOption } from './register-daemon.ts'

const proposing = [
  ['FLOTILLA_REPO', 'the fleet repository, as --repo'],
  ['FLOTILLA_GIT_TOKEN', 'token for the Git server; more in "flotilla run --help"'],
  ['FLOTILLA_FORGE_TOKEN', 'token for the forge (default: that of the Git server)'],
  ['GIT_AUTHOR_NAME', 'who commits; also GIT_AUTHOR_EMAIL'],
] as const

/** Adds `promote` and `abort`, which move a rollout by a commit. */
export function addRolloutChangeCommands(program: Command, { terminal, exit }: Registration): void {
  const context = async () => (await import('./context.ts')).processContext(terminal())

  const promote = program
    .command('promote')
    .description('let the newest release of an application go to its next step, as a pull request')
    .argument('<application>', 'such as shop/super-server; the namespace can be left out where only one has the name')
  addForgeOptions(addRepositoryOptions(promote))
    .option('--step <step>', 'the step to go to, by name or number, also one before (default: the next)')
    .addOption(sourceOption())
  addProposalOptions(promote)
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla promote super-server --repo ./fleet', 'the next step'],
          ['flotilla promote super-server --step staging --repo ./fleet', 'a step back'],
          ['flotilla promote super-server --commit --yes', 'at once, where you may push'],
        ],
        notes: [
          "A Release of Shipper's with spec.targetStep is written, beside the Application.",
          'It names one release, and says nothing about the next. Reverting it goes back.',
        ],
        exit: [
          ['0', 'the pull request is open (without a forge: the branch is pushed), committed, written, or shown'],
          ['1', 'no step to go to, the branch is there already, or not confirmed'],
          ['2', 'no such application, or it could not be done'],
        ],
        environment: proposing,
      }),
    )
    .action(async (name, options) => {
      const { promoteCommand } = await import('./promote.ts')
      exit(await promoteCommand(name, options, await context()))
    })

  const abort = program
    .command('abort')
    .description('give the version up that is being rolled out, as a pull request')
    .argument('<application>', 'such as shop/super-server; the namespace can be left out where only one has the name')
  addForgeOptions(addRepositoryOptions(abort)).addOption(sourceOption())
  addProposalOptions(abort)
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla abort super-server --repo ./fleet', ''],
          ['flotilla abort super-server --commit', 'at once, where you may push'],
        ],
        notes: [
          'The Application gets back the template that the running version was made of.',
          'That version has its capacity and traffic back before the other one loses any.',
          '"git revert" of the change of the template does the same.',
        ],
        exit: [
          ['0', 'the pull request is open (without a forge: the branch is pushed), committed, written, or shown'],
          ['1', 'nothing is being rolled out, the branch is there already, or not confirmed'],
          ['2', 'no such application, or it could not be done'],
        ],
        environment: proposing,
      }),
    )
    .action(async (name, options) => {
      const { abortCommand } = await import('./abort.ts')
      exit(await abortCommand(name, options, await context()))
    })
}

/** Adds `rollout`, which shows how far applications are. */
export function addRolloutCommand(program: Command, { terminal, exit }: Registration): void {
  program
    .command('rollout')
    .description('how far applications are rolled out: steps, releases, capacity and traffic in each cluster')
    .argument('[application]', 'such as shop/super-server; without one, all of them in a line each')
    .addOption(serverOption())
    .addOption(new Option('-o, --output <format>', 'for programs').choices(['json', 'yaml']))
    .option('--no-headers', 'leave out the head of the table')
    .option('-w, --watch', 'show it again after each change; on a terminal draw anew')
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla rollout', 'all applications'],
          ['flotilla rollout super-server', 'one, cluster by cluster'],
          ['flotilla rollout super-server --watch', 'the same, live'],
        ],
        exit: [
          ['0', 'shown'],
          ['2', 'no daemon answers, or there is no such application'],
          ['130', 'interrupted'],
        ],
        environment: daemonEnvironment,
      }),
    )
    .action(async (name, options) => {
      const [{ rolloutCommand }, { processContext }] = await Promise.all([
        import('./rollout.ts'),
        import('./context.ts'),
      ])
      exit(await rolloutCommand(name, options, processContext(terminal())))
    })
}
