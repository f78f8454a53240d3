import { type Command, Option } from 'commander'
import { helpEnd } from './help.ts'
import type { Registration } from './program.ts'
import { daemonEnvironment, serverOption } from './register-daemon.ts'

/** Adds `pause` and `resume`, which keep the daemon from writing to what somebody works on by hand. */
export function addPauseCommands(program: Command, { terminal, exit }: Registration): void {
  const context = async () => (await import('./context.ts')).processContext(terminal())

  program
    .command('pause')
    .description('let an object of a cluster, or the whole cluster, be as it is for a while')
    .argument('[subject]', 'the SUBJECT (Deployment.apps/shop/web); without one, the whole cluster')
    .addOption(serverOption())
    .addOption(clusterOption())
    .option('--for <duration>', 'how long, such as 30m or 2h; at most 7d', '2h')
    .option('--reason <text>', 'why; shown wherever the pause is', '')
    .addOption(outputOption())
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla pause Deployment.apps/shop/web -c eu-1 --reason "INC-42"', 'for a hotfix'],
          ['flotilla pause -c eu-1 --for 30m --reason "etcd restore"', 'all of eu-1'],
          ['flotilla capture Deployment.apps/shop/web -c eu-1 --repo ./fleet', 'take it into Git'],
        ],
        notes: [
          'What is paused is watched and reported, never written nor deleted, whatever',
          'Git says. The pause is in force when the command returns, ends by itself, and',
          'stands in the member cluster, so that every daemon holds it.',
        ],
        exit: [
          ['0', 'in force'],
          ['2', 'not in force: no daemon answers, nothing has the name, the cluster did not take it'],
        ],
        environment: daemonEnvironment,
      }),
    )
    .action(async (subject, options) => {
      const { pauseCommand } = await import('./pause.ts')
      exit(await pauseCommand(subject, options, await context()))
    })

  program
    .command('resume')
    .description('take a pause back before it ends by itself')
    .argument('[subject]', 'the SUBJECT that is paused; without one, the pause of the whole cluster')
    .addOption(serverOption())
    .addOption(clusterOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          ['flotilla resume Deployment.apps/shop/web -c eu-1', ''],
          ['flotilla diff --history -c eu-1', 'what was healed then'],
        ],
        exit: [
          ['0', 'taken back'],
          ['2', 'no daemon answers, nothing of the name is paused, the cluster did not take it'],
        ],
        environment: daemonEnvironment,
      }),
    )
    .action(async (subject, options) => {
      const { resumeCommand } = await import('./resume.ts')
      exit(await resumeCommand(subject, options, await context()))
    })
}

function clusterOption(): Option {
  return new Option('-c, --cluster <name>', 'the cluster').makeOptionMandatory()
}

function outputOption(): Option {
  return new Option('-o, --output <format>', 'print the pause for a program').choices(['json', 'yaml'])
}
