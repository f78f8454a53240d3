import { type Command, Option } from 'commander'
import { helpEnd } from './help.ts'
import { collect } from './option.ts'
import type { Registration } from './program.ts'

/** Adds the commands that work on the files of a fleet repository: `init`, `validate`, `render`, `schema`. */
export function addRepositoryCommands(program: Command, { terminal, exit }: Registration): void {
  program
    .command('init')
    .description('write a fleet repository to begin with; files that exist stay as they are')
    .argument('<dir>', 'folder to write to')
    .requiredOption('--name <name>', 'name of the fleet')
    .addOption(
      new Option('--cluster <name=kubeconfig>', 'a member cluster, NAME=KUBECONFIG[:CONTEXT]; repeatable')
        .argParser(collect)
        .default([], 'none'),
    )
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla init fleet --name prod --cluster eu-1=~/.kube/config:eu-1', ''],
          ['flotilla init fleet --name prod --cluster us-1=/etc/kube/us-1.yaml', 'add one more'],
        ],
        notes: ['Kubeconfigs are named, never copied: no credential gets into the repository.'],
        exit: [
          ['0', 'written, or there already'],
          ['2', 'a name cannot be used, or nothing can be written'],
        ],
      }),
    )
    .action(async (directory, options) => {
      const { initCommand } = await import('./init.ts')
      exit(await initCommand(directory, options, terminal()))
    })

  program
    .command('validate')
    .description('check a fleet repository and say everything that is wrong with it')
    .requiredOption('--source <dir>', 'folder with the fleet repository')
    .addHelpText(
      'after',
      helpEnd({
        examples: [['flotilla validate --source .', '']],
        notes: ['Messages go to stderr as path:line:column: error|warning: text [code].'],
        exit: [
          ['0', 'no errors; warnings do not count'],
          ['1', 'errors'],
          ['2', 'the fleet cannot be read at all'],
        ],
      }),
    )
    .action(async (options) => {
      const { validateCommand } = await import('./render.ts')
      exit(await validateCommand(options, terminal()))
    })

  program
    .command('render')
    .description('write what each member cluster should run')
    .requiredOption('--source <dir>', 'folder with the fleet repository')
    .requiredOption('--out <dir>', 'folder to write; replaced as a whole')
    .option('--previous <dir>', 'the generated tree before: what is unknown or in error stays as it is there')
    .option('--observations <file>', 'facts about the clusters, as "flotilla observe" prints them')
    .option(
      '--charts <dir>',
      'a Helm repository on disk that stands for every chart repository; nothing is fetched then',
    )
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla render --source . --out /tmp/new', ''],
          ['flotilla render --source . --out /tmp/new --previous /tmp/old', 'hold what is unknown'],
          ['git diff --no-index /tmp/old /tmp/new', 'what a change would do'],
        ],
        notes: ['The same input gives the same bytes: nothing else is read.'],
        exit: [
          ['0', 'no errors; warnings do not count'],
          ['1', 'errors; the valid rest is written'],
          ['2', 'nothing was written'],
        ],
      }),
    )
    .action(async (options) => {
      const { renderCommand } = await import('./render.ts')
      exit(await renderCommand(options, terminal()))
    })

  program
    .command('schema')
    .description('print the JSON Schema of a kind, or of every kind, for editors')
    .argument('[kind]', 'such as Fleet, Cluster, FederatedDeployment')
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla schema > flotilla.schema.json', 'of every kind'],
          ['flotilla schema Fleet', 'of one'],
        ],
        exit: [
          ['0', 'printed'],
          ['2', 'there is no schema of that kind'],
        ],
      }),
    )
    .action(async (kind) => {
      const { schemaCommand } = await import('./schema.ts')
      exit(schemaCommand(kind, terminal()))
    })
}
