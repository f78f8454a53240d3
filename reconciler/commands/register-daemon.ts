import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Sync } from '../member/types.ts'
import { worstFirst } from '../views/state.ts'
import { defaultServer } from './default-server.ts'
import { helpEnd } from './help.ts'
import { collect } from './option.ts'
import type { Registration } from './program.ts'

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
    .option('--no-headers', 'leave out the heads of tables')
    .option('--all', 'list what is as it should be one by one')
    .option('-w, --watch', 'show every change; on a terminal draw anew, else a line a change')
    .option('--wait', 'wait until everything is synced')
    .option('--timeout <duration>', 'longest wait of --wait, such as 90s or 10m', '5m')
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla status', 'every cluster, worst first'],
          ['flotilla status eu-1', 'the objects of one cluster'],
          ['flotilla status Deployment.apps/shop/web', 'one object in every cluster'],
          ['flotilla status --sync drifted,degraded -o name', 'names for a script'],
          ['flotilla status --wait --timeout 10m', 'after a push, in a pipeline'],
        ],
        notes: [
          'States: synced, progressing (on its way), drifted (differs from Git), degraded',
          '(something failed), unauthorized and unreachable (what is known may be old),',
          'suspended (left alone because Git says so).',
        ],
        exit: [
          ['0', 'shown; with --wait: everything is synced'],
          ['1', 'with --wait: something failed'],
          ['2', 'no daemon answers, or nothing has the name'],
          ['8', 'with --wait: the time of --timeout is over'],
          ['130', 'interrupted'],
        ],
        environment: daemonEnvironment,
      }),
    )
    .action(async (name, options) => {
      const { statusCommand } = await import('./status.ts')
      exit(await statusCommand(name, options, await context()))
    })

  program
    .command('diff')
    .description('compare what runs with what Git says, now')
    .argument('[subject]', 'only this SUBJECT (Deployment.apps/shop/web)')
    .option('--history', 'what was changed by hand and written over since, newest first')
    .addOption(serverOption())
    .addOption(clusterOption())
    .addOption(outputOption())
    .option('--no-headers', 'leave out the heads of tables')
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla diff', 'every cluster'],
          ["flotilla diff -c 'eu-*' -o wide", 'one line a field'],
          ['flotilla diff -o markdown', 'for a ticket'],
          ['flotilla diff --history', 'hotfixes that were healed'],
        ],
        notes: [
          '"-" is live, "+" is wanted. Nothing is healed. Secrets show no values.',
          '"flotilla capture" takes what should stay into Git.',
        ],
        exit: [
          ['0', 'equal; with --history: shown'],
          ['1', 'differences'],
          ['2', 'that could not be told, of some cluster or of all'],
        ],
        environment: daemonEnvironment,
      }),
    )
    .action(async (subject, options) => {
      const { diffCommand } = await import('./diff.ts')
      exit(await diffCommand(subject, options, await context()))
    })

  program
    .command('observe')
    .description('print the facts that the daemon renders with, as JSON')
    .addOption(serverOption())
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla observe > facts.json', ''],
          ['flotilla render --source . --out out --observations facts.json', 'replay a decision'],
        ],
        exit: [
          ['0', 'printed'],
          ['2', 'no daemon answers'],
        ],
        environment: daemonEnvironment,
      }),
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
      helpEnd({
        examples: [['git push && flotilla sync && flotilla status --wait', '']],
        notes: ['Whether the clusters arrive is what "flotilla status --wait" says.'],
        exit: [
          ['0', 'rendered and handed out'],
          ['1', 'not fetched, rendered or pushed, or deletions wait'],
          ['2', 'no daemon answers'],
        ],
        environment: daemonEnvironment,
      }),
    )
    .action(async (options) => {
      const { syncCommand } = await import('./sync.ts')
      exit(await syncCommand(options, await context()))
    })
}

/** The environment of every command that asks a daemon. */
export const daemonEnvironment: readonly (readonly [string, string])[] = [
  ['FLOTILLA_SERVER', "the daemon's address, as --server"],
  ['FLOTILLA_API_TOKEN', 'the token that the daemon asks for, if it does; also as …_FILE'],
]

/** The option that says which daemon is asked. */
export function serverOption(): Option {
  return new Option('--server <url>', "the daemon's address").env('FLOTILLA_SERVER').default(defaultServer)
}

function clusterOption(): Option {
  const about = 'only this cluster; repeatable; * and ? are wildcards'
  return new Option('-c, --cluster <name>', about).argParser(collect).default([], 'all')
}

function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to show it').choices([...outputs])
}

function syncStates(text: string): readonly Sync[] {
  return text.split(',').map((word) => {
    const state = worstFirst.find((one) => one === word.trim())
    if (!state) throw new InvalidArgumentError(`"${word}" is none of ${worstFirst.join(', ')}.`)
    return state
  })
}
