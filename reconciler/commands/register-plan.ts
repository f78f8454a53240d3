import { type Command, Option } from 'commander'
import { addBranchOptions, addHostOptions } from './fleet-options.ts'
import { helpEnd } from './help.ts'
import { collect } from './option.ts'
import type { Registration } from './program.ts'

const planOutputs = ['text', 'json', 'yaml', 'markdown', 'name'] as const

/** Adds the options that say how a plan is shown and what its exit code tells. */
export function addPlanOutputOptions(command: Command, about = ''): Command {
  return command
    .addOption(new Option('-o, --output <format>', `${about}how to show it`).choices([...planOutputs]).default('text'))
    .option('--exit-code', `${about}exit 3 when something would change`)
}

/** Adds `plan`. */
export function addPlanCommand(program: Command, { terminal, exit }: Registration): void {
  const command = program
    .command('plan')
    .description('compare what a change would generate with what is live; writes nothing')
    .option('--source <dir>', 'plan this folder, whatever is committed of it')
    .option('--head <rev>', 'plan this revision (default: the tip of the source branch)')
    .option('--base <rev>', 'connections count from here (default: the tip of the source branch)')
    .addOption(
      new Option('--repo <url>', 'the fleet repository: https://…, or a path (default: --source, or .)').env(
        'FLOTILLA_REPO',
      ),
    )
  addHostOptions(addBranchOptions(command)).addOption(
    new Option('-c, --cluster <name>', 'show only this cluster; repeatable; * and ? are wildcards')
      .argParser(collect)
      .default([], 'all'),
  )
  addPlanOutputOptions(command)
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla plan --source .', 'what is not committed yet'],
          ['flotilla plan --head scale-up', 'a branch, before it is merged'],
          ['flotilla plan --exit-code -o name', 'whether anything is left to do'],
        ],
        notes: [
          'A revision is a commit id, a branch or a ref, also with ~2 or ^ behind it.',
          'Needs no daemon. Clusters are reached as the base says: one that only the',
          'change knows is not asked. One that gives no answer waits; that is no error.',
          'Secrets show no values.',
        ],
        exit: [
          ['0', 'planned; with --exit-code: nothing would change'],
          ['1', 'errors in the source, or a cluster would refuse an object'],
          ['2', 'there is nothing to plan, or nothing to plan upon'],
          ['3', 'with --exit-code: something would change'],
        ],
        environment: [
          ['FLOTILLA_REPO', 'the fleet repository, as --repo'],
          ['FLOTILLA_GIT_TOKEN', 'token for the Git server; more in "flotilla run --help"'],
        ],
      }),
    )
    .action(async (options) => {
      const [{ planCommand }, { processContext }] = await Promise.all([import('./plan.ts'), import('./context.ts')])
      exit(await planCommand(options, processContext(terminal())))
    })
}
