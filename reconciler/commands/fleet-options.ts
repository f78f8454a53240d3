import { type Command, Option } from 'commander'

/** Adds the options that say which repository a fleet is in (`RepositoryFlags`). */
export function addRepositoryOptions(command: Command): Command {
  const repo = new Option('--repo <url>', 'the fleet repository: https://…, or a path')
  return addBranchOptions(command.addOption(repo.env('FLOTILLA_REPO').makeOptionMandatory()))
}

/** Adds the same but for `--repo` itself. */
export function addBranchOptions(command: Command): Command {
  return command
    .option('--branch <name>', 'the source branch', 'main')
    .option('--generated-branch <name>', 'the branch that is generated', 'generated')
    .option('--dir <dir>', 'folder of the clone (default: below the user cache)')
    .option('--git-ca <file>', 'PEM of the authority of the Git server')
}

/** Adds the options that say where the credentials of member clusters are (`HostFlags`). */
export function addHostOptions(command: Command): Command {
  return command
    .option('--host-kubeconfig <file>', 'cluster that holds the Secrets of connections (default: the one it runs in)')
    .option('--host-namespace <name>', 'namespace of those Secrets', 'flotilla-system')
}

/** Adds the options that say on which forge a fleet is (`ForgeFlags`). */
export function addForgeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--forge <kind>', 'the forge of the repository')
        .choices(['auto', 'none', 'gitea', 'github', 'gitlab'])
        .default('auto'),
    )
    .option('--forge-url <url>', 'where the forge is (default: where the repository is)')
}

/** Adds the options of commands that propose a change (`ProposalFlags`), and how they say it to programs. */
export function addProposalOptions(command: Command): Command {
  return command
    .option('--commit', 'commit to the source branch itself, without a pull request; asks first')
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'show the change, and write nothing')
    .addOption(new Option('-o, --output <format>', 'print what was done for a program').choices(['json', 'yaml']))
}

/** The option of commands that can write into a folder instead of proposing a change. */
export function sourceOption(): Option {
  return new Option('--source <dir>', 'write into this folder instead, and commit nothing').conflicts('commit')
}
