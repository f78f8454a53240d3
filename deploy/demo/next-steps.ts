import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where things are, for a person who goes on by hand. */
export interface Whereabouts {
  readonly dir: string
  readonly url: string
  readonly kubeconfig: string
  readonly server: string
}

/** Writes the file that a shell reads to find everything, and gives its path. */
export async function writeSettings({ dir, url, kubeconfig, server }: Whereabouts): Promise<string> {
  const path = join(dir, 'env')
  const settings = { KUBECONFIG: kubeconfig, FLOTILLA_SERVER: server, FLOTILLA_REPO: url, FLEET: url }
  const lines = Object.entries(settings).map(([name, value]) => `export ${name}='${value}'\n`)
  await writeFile(path, lines.join(''))
  return path
}

/** What to try next from another terminal, once the tour is over. Every command works as it stands. */
export function nextSteps(settings: string, checkout: string): readonly string[] {
  return [
    'It stays up. From another terminal:',
    '',
    `  cd ${checkout}`,
    `  . ${settings}`,
    '  npm run -s flotilla -- status',
    '  kubectl --context eu-1 get deployments --all-namespaces',
    '',
    "Change something behind Git's back:",
    '',
    '  kubectl --context eu-1 -n test-ns delete deployment test-deployment',
    '  kubectl --context eu-1 -n test-ns get deployment test-deployment',
    '  npm run -s flotilla -- status eu-1',
    '',
    'Change something in Git:',
    '',
    '  git clone "$FLEET" /tmp/flotilla-fleet && cd /tmp/flotilla-fleet',
    "  sed -i.bak 's/totalReplicas: 9/totalReplicas: 12/' workloads/test-ns.yaml",
    '  git commit --all --message "Run twelve" && git push',
    '',
    'docs/demo.md has more. Ctrl-C ends the demo and removes everything that it made.',
  ]
}
