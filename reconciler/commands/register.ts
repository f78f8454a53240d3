import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import type { Sync } from '../member/types.ts'
import { worstFirst } from '../views/state.ts'
import { defaultServer } from './default-server.ts'
import type { Terminal } from './terminal.ts'

/** What registered commands need of the program. */
export interface Registration {
  terminal(): Terminal
  /** Takes the exit code of the command that ran. */
  exit(code: number): void
}

const outputs = ['wide', 'json', 'yaml', 'name', 'markdown'] as const

/** Adds the commands that ask a running daemon: `status`, `diff`, `observe`, `sync`. */
export function addDaemonCommands(program: Command, { terminal, exit }: Registration): void {
  const context = async () => (await import('./context.ts')).processContext(terminal())

  program
    .command('status')
    .description('show whether every cluster runs what Git says')
    .argument('[name]', 'a CLUSTER (eu-1), or a SUBJECT over all clusters (Deployment.apps/shop/web)')
    .addOption(serverOption())
    .addOption(clusterOption())
    .addOption(
      new Option('--sync <states>', `only clusters in these states: ${worstFirst.join(', ')}`).argParser(syncStates),
    )
    .addOption(outputOption())
    .option('--all', 'list what is as it should be one by one')
    .option('-w, --watch', 'show every change; on a terminal draw anew, else a line a change')
    .option('--wait', 'wait until everything is synced')
    .option('--timeout <duration>', 'longest wait of --wait, such as 90s or 10m', '5m')
    .addHelpText(
      'after',
      `
Examples:
  flotilla status                               every cluster, the worst first
  flotilla status eu-1                          the objects of one cluster
  flotilla status Deployment.apps/shop/web      one object in every cluster
  flotilla status --sync drifted,degraded -o name
  flotilla sync && flotilla status --wait --timeout 10m

Exit: 0; with --wait 1 where something failed, 8 when the time is over; 2 where no daemon answers or nothing has the
name; 130 when interrupted.`,
    )
    .action(async (name, options) => {
      const { statusCommand } = await import('./status.ts')
      exit(await statusCommand(name, options, await context()))
    })

  program
    .command('diff')
    .description('compare what runs with what Git says, now: "-" is live, "+" is wanted')
    .addOption(serverOption())
    .addOption(clusterOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Examples:
  flotilla diff
  flotilla diff -c 'eu-*' -o wide

Values of Secrets are never shown. Exit: 0 equal, 1 differences, 2 where that could not be told.`,
    )
    .action(async (options) => {
      const { diffCommand } = await import('./diff.ts')
      exit(await diffCommand(options, await context()))
    })

  program
    .command('observe')
    .description('print the facts that the daemon renders with, as JSON')
    .addOption(serverOption())
    .addHelpText(
      'after',
      `
Example:
  flotilla observe > facts.json && flotilla render --source . --out out --observations facts.json

Exit: 0, 2 where no daemon answers.`,
    )
    .action(async (options) => {
      const { observeCommand } = await import('./observe.ts')
      exit(await observeCommand(options, await context()))
    })

  program
    .command('sync')
    .description('make the daemon pull, render and hand out now, and wait until that has ended')
    .addOption(serverOption())
    .addHelpText(
      'after',
      `
Example:
  git push && flotilla sync && flotilla status --wait

Exit: 0, 1 where the source could not be fetched or rendered, 2 where no daemon answers.`,
    )
    .action(async (options) => {
      const { syncCommand } = await import('./sync.ts')
      exit(await syncCommand(options, await context()))
    })
}

/** Adds the commands that need no daemon: `init`, `schema`, `version`, `completion`. */
export function addLocalCommands(program: Command, { terminal, exit }: Registration): void {
  program
    .command('init')
    .description('write a fleet repository to begin with; files that exist stay as they are')
    .argument('<dir>', 'folder to write to')
    .requiredOption('--name <name>', 'name of the fleet')
    .addOption(
      new Option('--cluster <name=kubeconfig>', 'a member cluster: NAME=KUBECONFIG or NAME=KUBECONFIG:CONTEXT; again')
        .argParser(collect)
        .default([], 'none'),
    )
    .addHelpText(
      'after',
      `
Example:
  flotilla init fleet --name prod --cluster eu-1=~/.kube/config:eu-1 --cluster us-1=/etc/kube/us-1.yaml

Exit: 0, 2 where a name cannot be used or nothing can be written.`,
    )
    .action(async (directory, options) => {
      const { initCommand } = await import('./init.ts')
      exit(await initCommand(directory, options, terminal()))
    })

  program
    .command('schema')
    .description('print the JSON Schema of a kind, or of every kind, for editors')
    .argument('[kind]', 'such as Fleet, Cluster, FederatedDeployment')
    .addHelpText(
      'after',
      `
Example:
  flotilla schema > .vscode/flotilla.json

Exit: 0, 2 for a kind that has no schema.`,
    )
    .action(async (kind) => {
      const { schemaCommand } = await import('./schema.ts')
      exit(schemaCommand(kind, terminal()))
    })

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
    .description('print a script that completes commands and options')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', '\nExample:\n  source <(flotilla completion bash)')
    .action(async (shell) => {
      const { completionCommand } = await import('./completion.ts')
      exit(completionCommand(shell, program, terminal()))
    })
}

function serverOption(): Option {
  return new Option('--server <url>', "the daemon's address").env('FLOTILLA_SERVER').default(defaultServer)
}

function clusterOption(): Option {
  const about = 'only this cluster; again for more; * and ? are wildcards'
  return new Option('-c, --cluster <name>', about).argParser(collect).default([], 'all')
}

function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to show it').choices([...outputs])
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function syncStates(text: string): readonly Sync[] {
  return text.split(',').map((word) => {
    const state = worstFirst.find((one) => one === word.trim())
    if (!state) throw new InvalidArgumentError(`"${word}" is none of ${worstFirst.join(', ')}.`)
    return state
  })
}
