import { type Command, Option } from 'commander'
import { defaultPort } from './default-server.ts'
import { addForgeOptions, addHostOptions, addRepositoryOptions } from './fleet-options.ts'
import { helpEnd } from './help.ts'
import type { DryRunFlags } from './plan.ts'
import type { Registration } from './program.ts'
import { addPlanOutputOptions } from './register-plan.ts'
import type { Terminal } from './terminal.ts'

/** Adds `run`, the daemon itself. */
export function addRunCommand(program: Command, { terminal, color, exit }: Registration): void {
  const command = program
    .command('run')
    .description('pull, render, apply to every member cluster, and report; until stopped')
  addHostOptions(addForgeOptions(addRepositoryOptions(command)))
    .option('--poll <cron>', 'when to pull, as a cron expression with seconds', '*/30 * * * * *')
    .option('--listen <address>', 'where health, metrics and API are served', `127.0.0.1:${defaultPort}`)
    .option('--lease-duration <duration>', 'how long a daemon that is gone stays the active one', '10s')
    .option(
      '--notes',
      'report as Git notes (refs/notes/flotilla); the default with --forge none, and for a repository on this disk',
    )
    .option('--no-notes', 'write no Git notes')
    .option('--dashboard-url <url>', 'where statuses lead; {cluster} stands for its name')
    .option('--new-fleet', 'take the generated branch as it is, missing or rewound')
    .option('--once', 'one turn, then exit')
    .option('--timeout <duration>', 'with --once: how long clusters may take', '10m')
    .option('--dry-run', 'with --once: print a plan of the turn, and write nothing')
  addPlanOutputOptions(command, 'with --dry-run: ')
    .addOption(
      new Option('--log-level <level>', 'what is logged').choices(['debug', 'info', 'warn', 'error']).default('info'),
    )
    .addOption(
      new Option('--log-format <format>', 'how: pretty on a terminal, else json')
        .choices(['auto', 'json', 'pretty'])
        .default('auto'),
    )
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla run --repo ./fleet', ''],
          ['flotilla run --repo https://git.example.com/platform/fleet.git', ''],
          ['flotilla run --repo ./fleet --once --timeout 5m', 'one turn'],
          ['flotilla run --repo ./fleet --once --dry-run', 'what it would do'],
        ],
        notes: [
          'Signals: SIGHUP pulls now; SIGTERM and Ctrl-C finish running writes and end',
          'within 10 s; a second one ends at once.',
        ],
        exit: [
          ['0', 'told to end by SIGTERM; with --once: all clusters are synced'],
          ['1', 'with --once: something failed; with --dry-run: as of "flotilla plan"'],
          ['2', 'could not start'],
          ['3', 'with --dry-run and --exit-code: something would change'],
          ['8', 'with --once: the time of --timeout is over'],
          ['130', 'told to end by Ctrl-C'],
        ],
        environment: [
          ['FLOTILLA_REPO', 'the fleet repository, as --repo'],
          ['FLOTILLA_GIT_TOKEN', 'token for the Git server'],
          ['FLOTILLA_GIT_USERNAME', 'user for the Git server, "git" where it is not set'],
          ['FLOTILLA_GIT_PASSWORD', 'password for the Git server'],
          ['FLOTILLA_FORGE_TOKEN', 'token for the forge; that of the Git server where it is not set'],
          ['FLOTILLA_GITHUB_APP_ID', 'on GitHub: the App that Flotilla is, instead of a token'],
          ['FLOTILLA_GITHUB_APP_KEY', 'the private key of the App, as PEM'],
          ['FLOTILLA_WEBHOOK_TOKEN', 'what webhooks are signed with; without it POST /webhook is not there'],
          ['FLOTILLA_API_TOKEN', 'what the API asks for; without it the API is open to whoever reaches it'],
          ['FLOTILLA_…_FILE', 'each of the credentials above from a file'],
          ['XDG_CACHE_HOME', 'where the clone is kept, in flotilla/'],
        ],
      }),
    )
    .action(async (options) => {
      if (options.dryRun) return exit(await dryRun(options, terminal()))
      const { runCommand } = await import('./run.ts')
      exit(await runCommand(options, color(), terminal()))
    })
}

async function dryRun(options: DryRunFlags & { readonly once?: true }, terminal: Terminal): Promise<number> {
  if (!options.once) {
    terminal.fail('--dry-run needs --once')
    return 2
  }
  const [{ dryRunCommand }, { processContext }] = await Promise.all([import('./plan.ts'), import('./context.ts')])
  return dryRunCommand(options, processContext(terminal))
}
