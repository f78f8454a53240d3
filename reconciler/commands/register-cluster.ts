import { type Command, InvalidArgumentError, Option } from 'commander'
import { duration } from '../../repo-layout/schema/common.ts'
import { addBranchOptions } from './fleet-options.ts'
import { helpEnd } from './help.ts'
import { collect } from './option.ts'
import type { Registration } from './program.ts'

/** Adds `cluster` with the commands below it: how members join, are checked, and get new credentials. */
export function addClusterCommands(program: Command, registration: Registration): void {
  const cluster = program
    .command('cluster')
    .description('let member clusters join, check them, renew their credentials')
    .usage('COMMAND [options]')
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla cluster add eu-1 --context eu-1 --host-context tools', ''],
          ['flotilla cluster check', ''],
        ],
      }),
    )
  addAdd(cluster, registration)
  addCheck(cluster, registration)
  addRotate(cluster, registration)
  cluster.helpCommand(false)
}

const environment: readonly (readonly [string, string])[] = [
  ['KUBECONFIG', 'where contexts are looked for, as kubectl does'],
]

function addAdd(cluster: Command, { terminal, exit }: Registration): void {
  const command = cluster
    .command('add')
    .description("make an account in a cluster, store its credential, write the cluster's file")
    .argument('[names...]', 'name of the cluster; with --from: only these')
  accountOptions(command)
    .option('--server <url>', 'address that the daemon uses (default: that of the context)')
    .option('--kubeconfig-out <file>', "store the credential in this file of the daemon's machine")
    .addOption(
      new Option('--label <key=value>', 'label of the cluster; repeatable').argParser(collect).default([], 'none'),
    )
    .option('--overwrite', 'write files and Secrets anew that exist')
    .addOption(
      new Option('--from <inventory>', 'take clusters from another tool; --context is its host').choices([
        'kubefed',
        'shipper',
        'capi',
      ]),
    )
    .option('--copy-secrets', 'with --from: copy the Secrets of the clusters to the host')
    .addOption(new Option('-o, --output <format>', 'print the manifests only').choices(['yaml', 'json']))
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla cluster add eu-1 --context eu-1 --host-context tools', 'into a Secret of the host'],
          ['flotilla cluster add eu-1 --context eu-1 --kubeconfig-out /etc/flotilla/eu-1', 'into a file'],
          ['flotilla cluster add eu-1 --context eu-1 -o yaml', 'look only'],
          ['flotilla cluster add --from kubefed --context tools --copy-secrets', "take kubefed's inventory"],
        ],
        notes: [
          'The rights are the least that the fleet in --source needs there. A change that',
          'brings a new kind needs "flotilla cluster rotate". No credential gets into the',
          'repository. What broke off is ended by running it again.',
        ],
        exit: [
          ['0', 'done, or shown with --dry-run and --output'],
          ['2', 'nothing could be done, or it was not agreed to'],
        ],
        environment,
      }),
    )
    .action(async (names: readonly string[], options) => {
      const { processContext } = await import('./context.ts')
      const context = processContext(terminal())
      if (options.from !== undefined) {
        const { clusterImportCommand } = await import('./cluster-import.ts')
        return exit(await clusterImportCommand(names, options, context))
      }
      const [name, ...more] = names
      if (name === undefined || more.length > 0) {
        terminal().fail('give the name of one cluster, or --from to take an inventory')
        return exit(2)
      }
      const { clusterAddCommand } = await import('./cluster-add.ts')
      exit(await clusterAddCommand(name, options, context))
    })
}

function addCheck(cluster: Command, { terminal, exit }: Registration): void {
  const command = cluster
    .command('check')
    .description('ask clusters whether everything is there that the daemon needs')
    .argument('[names...]', 'only these clusters')
    .option('--source <dir>', 'folder with the fleet repository', '.')
    .option('--repo <url>', 'instead: https://… or a path, and there the source branch')
  hostOptions(addBranchOptions(command))
    .addOption(new Option('-o, --output <format>', 'how to show it').choices(['wide', 'json', 'yaml']))
    .option('--no-headers', 'leave out the heads of tables')
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla cluster check --host-context tools', 'all'],
          ['flotilla cluster check eu-1 --source fleet -o json', ''],
        ],
        notes: [
          'Reach, authentication, expiry, rights for each kind that the fleet applies,',
          'version, clock, and what other tools hold there. Nothing is written; the',
          'credential is that of the daemon.',
        ],
        exit: [
          ['0', 'nothing is wrong; warnings do not count'],
          ['1', 'something is wrong'],
          ['2', 'it could not run'],
        ],
        environment,
      }),
    )
    .action(async (names: readonly string[], options) => {
      const { processContext } = await import('./context.ts')
      const { clusterCheckCommand } = await import('./cluster-check.ts')
      exit(await clusterCheckCommand(names, options, processContext(terminal())))
    })
}

function addRotate(cluster: Command, { terminal, exit }: Registration): void {
  const command = cluster
    .command('rotate')
    .description('give a cluster a new credential and the rights of today, and revoke the one before')
    .argument('<name>', 'name of the cluster')
  accountOptions(command)
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla cluster rotate eu-1 --context eu-1 --host-context tools', ''],
          ['flotilla cluster rotate eu-1 --context eu-1 --keep-old', 'where the file is copied by something else'],
        ],
        notes: [
          'The new credential is stored only once it works, and those before are revoked',
          'only after that: running it again ends what broke off.',
        ],
        exit: [
          ['0', 'done, or shown with --dry-run'],
          ['2', 'nothing could be done, or it was not agreed to'],
        ],
        environment,
      }),
    )
    .action(async (name: string, options) => {
      const { processContext } = await import('./context.ts')
      const { clusterRotateCommand } = await import('./cluster-rotate.ts')
      exit(await clusterRotateCommand(name, options, processContext(terminal())))
    })
}

function accountOptions(command: Command): Command {
  command
    .option('--context <name>', 'your context of the cluster (default: the current one)')
    .option('--kubeconfig <file>', 'where that context is')
    .option('--source <dir>', 'folder with the fleet repository', '.')
    .option('--admin', 'all rights, instead of the least')
    .addOption(
      new Option('--expires <duration>', 'how long the credential is valid, at least 10m')
        .argParser(lifetime)
        .default('365d'),
    )
    .option('--keep-old', 'leave the credentials before valid; the next rotate revokes them')
  return hostOptions(command).option('--dry-run', 'show the rights and write nothing').option('-y, --yes', 'do not ask')
}

function hostOptions(command: Command): Command {
  return command
    .option('--host-kubeconfig <file>', 'kubeconfig of the cluster that holds the Secrets of connections')
    .option('--host-context <name>', 'context of that cluster')
    .option('--host-namespace <name>', 'namespace of those Secrets', 'flotilla-system')
}

function lifetime(text: string): string {
  if (!duration.safeParse(text).success) throw new InvalidArgumentError('expected a duration such as 90d or 12h.')
  return text
}
