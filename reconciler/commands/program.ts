import { Command, CommanderError, Option } from 'commander'
import { version } from '../run/version.ts'
import { helpEnd } from './help.ts'
import { addCaptureCommand } from './register-capture.ts'
import { addClusterCommands } from './register-cluster.ts'
import { addDaemonCommands } from './register-daemon.ts'
import { addDetachCommand } from './register-detach.ts'
import { addLocalCommands } from './register-local.ts'
import { addPauseCommands } from './register-pause.ts'
import { addPlanCommand } from './register-plan.ts'
import { addRecoverCommand } from './register-recover.ts'
import { addRepositoryCommands } from './register-repository.ts'
import { addRollbackCommand } from './register-rollback.ts'
import { addRolloutChangeCommands, addRolloutCommand } from './register-rollout.ts'
import { addRunCommand } from './register-run.ts'
import { type ColorMode, processTerminal, type Terminal } from './terminal.ts'

/** What registered commands need of the program. */
export interface Registration {
  terminal(): Terminal
  /** When to colour, as the person asked. */
  color(): ColorMode
  /** Takes the exit code of the command that ran. */
  exit(code: number): void
}

/**
 * Runs the command line and returns its exit code; never rejects. Each command's code is loaded only when it is called, so
 * that `--help` and completion answer at once.
 */
export async function run(argv: readonly string[]): Promise<number> {
  let exit = 0
  const color = () => program.opts<{ color?: ColorMode }>().color ?? 'auto'
  const terminal = () => processTerminal(color(), process.env)
  const program = buildProgram({
    terminal,
    color,
    exit(code) {
      exit = code
    },
  })
  try {
    await program.parseAsync(argv)
    return exit
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    terminal().fail(`this is a bug of flotilla, please report it: ${error instanceof Error ? error.stack : error}`)
    return 2
  }
}

/** The whole command line, ready to parse or to be described. */
export function buildProgram(registration: Registration): Command {
  const program = new Command('flotilla')
    .description('GitOps federation for Kubernetes: one Git repository of federated workloads runs on many clusters.')
    .usage('COMMAND [options]')
    .version(`flotilla ${version()}`, '-V, --version', 'print the version')
    .addOption(new Option('--color <when>', 'colour the output').choices(['auto', 'always', 'never']).default('auto'))
    .showHelpAfterError('(add --help to see what it takes)')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'flotilla: ')) })
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .addHelpText('after', rootHelp)
  program.commandsGroup('A fleet repository:')
  addRepositoryCommands(program, registration)
  addPlanCommand(program, registration)
  addRollbackCommand(program, registration)
  addCaptureCommand(program, registration)
  addRolloutChangeCommands(program, registration)
  program.commandsGroup('The daemon:')
  addRunCommand(program, registration)
  addRecoverCommand(program, registration)
  program.commandsGroup('Ask the daemon:')
  addDaemonCommands(program, registration)
  addRolloutCommand(program, registration)
  program.commandsGroup('Member clusters:')
  addClusterCommands(program, registration)
  addDetachCommand(program, registration)
  addPauseCommands(program, registration)
  program.commandsGroup('This program:')
  addLocalCommands(program, registration)
  program.helpCommand('help [command]', 'explain a command')
  return program
}

const rootHelp = helpEnd({
  examples: [
    ['flotilla init fleet --name demo --cluster eu=~/.kube/config', 'begin'],
    ['flotilla validate --source fleet', 'check'],
    ['flotilla run --repo fleet', 'run'],
    ['flotilla status --watch', 'look'],
  ],
  notes: ['Data goes to stdout, everything else to stderr.'],
  exit: [
    ['0', 'fine'],
    ['1', 'errors in the source; of diff: differences; of --wait: something failed'],
    ['2', 'could not run: a wrong option, no daemon, nothing to read or write'],
    ['8', 'the time of --timeout is over'],
    ['130', 'interrupted'],
  ],
  environment: [
    ['FLOTILLA_SERVER', "the daemon's address, as --server"],
    ['FLOTILLA_API_TOKEN', 'the token that the daemon asks for, if it does'],
    ['NO_COLOR', 'when set, no colours unless --color always'],
    ['LC_ALL, LC_CTYPE, LANG', 'where they name no UTF-8, only ASCII is written'],
  ],
})
