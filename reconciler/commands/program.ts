import { Command, CommanderError, Option } from 'commander'
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

  try {
    await program.parseAsync(argv)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    throw error
  }
  return exit
}
