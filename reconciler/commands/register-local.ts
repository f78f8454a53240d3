import { Argument, type Command, Option } from 'commander'
import { helpEnd } from './help.ts'
import type { Registration } from './program.ts'

/** Adds the commands about this program itself: `version`, `completion`. */
export function addLocalCommands(program: Command, { terminal, exit }: Registration): void {
  program
    .command('version')
    .description('print the versions of flotilla and node')
    .addOption(new Option('-o, --output <format>', 'for programs').choices(['json', 'yaml']))
    .action(async (options) => {
      const { versionCommand } = await import('./version.ts')
      exit(versionCommand(options, terminal()))
    })

  program
    .command('completion')
    .description('print a script that completes commands, options and their values')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['source <(flotilla completion bash)', 'in ~/.bashrc'],
          ['source <(flotilla completion zsh)', 'in ~/.zshrc, after compinit'],
          ['flotilla completion fish | source', 'in ~/.config/fish/config.fish'],
        ],
      }),
    )
    .action(async (shell) => {
      const { completionCommand } = await import('./completion.ts')
      exit(completionCommand(shell, program, terminal()))
    })
}
