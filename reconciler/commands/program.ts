import { Command, CommanderError, Option } from 'commander'
import { addDaemonCommands, addLocalCommands } from './register.ts'
import { type ColorMode, processTerminal, type Terminal } from './terminal.ts'

/**
 * Runs the command line and returns its exit code. Each command's code is loaded only when it is called, so that
 * `--help` and completion answer at once.
 */
export async function run(argv: readonly string[]): Promise<number> {
  let exit = 0
  const program = new Command('flotilla')
    .description('GitOps federation for Kubernetes: one Git repository of federated workloads runs on many clusters')
    .addOption(new Option('--color <when>', 'colour the output').choices(['auto', 'always', 'never']).default('auto'))
    .showHelpAfterError('(add --help for what the command takes)')
    .exitOverride()

  const terminal = (): Terminal => processTerminal(program.opts<{ color: ColorMode }>().color, process.env)

  program
    .command('validate')
    .description('check a fleet repository and say everything that is wrong with it')
    .requiredOption('--source <dir>', 'folder with the fleet repository')
    .addHelpText('after', '\nExit: 0 without errors, 1 with errors, 2 where the fleet cannot be read at all.')
    .action(async (options) => {
      const { validateCommand } = await import('./render.ts')
      exit = await validateCommand(options, terminal())
    })

  program
    .command('render')
    .description('write what each member cluster should run')
    .requiredOption('--source <dir>', 'folder with the fleet repository')
    .requiredOption('--out <dir>', 'folder to write; replaced as a whole')
    .option('--previous <dir>', 'the generated tree before: what is unknown or in error stays as it is there')
    .option('--observations <file>', 'facts about the clusters as JSON, as "flotilla observe" prints them')
    .option('--charts <dir>', 'a Helm repository on disk, used for every repoUrl')
    .addHelpText(
      'after',
      '\nExit: 0 without errors, 1 with errors (the valid rest is written), 2 where nothing was written.',
    )
    .action(async (options) => {
      const { renderCommand } = await import('./render.ts')
      exit = await renderCommand(options, terminal())
    })

  program
    .command('run')
    .description('pull, render, apply to every member cluster, and report; until stopped')
    .addOption(
      new Option('--repo <url>', 'the fleet repository: https://…, or a path')
        .env('FLOTILLA_REPO')
        .makeOptionMandatory(),
    )
    .option('--branch <name>', 'the source branch', 'main')
    .option('--generated-branch <name>', 'the branch that is generated', 'generated')
    .option('--dir <dir>', 'folder of the clone (default: below the user cache)')
    .option('--git-ca <file>', 'PEM of the authority of the Git server')
    .option('--poll <cron>', 'when to pull, as a cron expression with seconds', '*/30 * * * * *')
    .option('--listen <address>', 'where health, metrics and API are served', '127.0.0.1:8090')
    .option('--host-kubeconfig <file>', 'cluster that holds the Secrets of connections (default: the one it runs in)')
    .option('--host-namespace <name>', 'namespace of those Secrets', 'flotilla-system')
    .option('--new-fleet', 'there is no generated branch, and that is right')
    .option('--once', 'one turn, then exit')
    .option('--timeout <duration>', 'with --once: how long clusters may take', '10m')
    .addOption(
      new Option('--log-level <level>', 'what is logged').choices(['debug', 'info', 'warn', 'error']).default('info'),
    )
    .addOption(new Option('--log-format <format>', 'how').choices(['auto', 'json', 'pretty']).default('auto'))
    .addHelpText(
      'after',
      `
Credentials for the repository: FLOTILLA_GIT_TOKEN, or FLOTILLA_GIT_USERNAME and FLOTILLA_GIT_PASSWORD (each also as …_FILE).
Signals: SIGHUP pulls now, SIGTERM finishes running writes and ends within 10 s.
Exit: 0 when told to end, 130 on Ctrl-C, 2 where it could not start; with --once 0 when all clusters are synced, 1 where
something failed, 8 where the time was up.

Example:
  flotilla run --repo https://git.example.com/platform/fleet.git`,
    )
    .action(async (options) => {
      const { runCommand } = await import('./run.ts')
      exit = await runCommand(options, terminal())
    })

  const registration = {
    terminal,
    exit(code: number) {
      exit = code
    },
  }
  addDaemonCommands(program, registration)
  addLocalCommands(program, registration)

  try {
    await program.parseAsync(argv)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    throw error
  }
  return exit
}
