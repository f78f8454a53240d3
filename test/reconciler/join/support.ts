import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { systemClock } from '../../../reconciler/clock.ts'
import { clusterAddCommand } from '../../../reconciler/commands/cluster-add.ts'
import { type CheckFlags, clusterCheckCommand } from '../../../reconciler/commands/cluster-check.ts'
import type { AccountFlags, AddFlags } from '../../../reconciler/commands/cluster-flags.ts'
import { clusterImportCommand, type ImportFlags } from '../../../reconciler/commands/cluster-import.ts'
import { clusterRotateCommand } from '../../../reconciler/commands/cluster-rotate.ts'
import type { CommandContext } from '../../../reconciler/commands/context.ts'
import type { ClusterCheck } from '../../../reconciler/join/check.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { unique } from '../member/support.ts'

/** What a command said and how it ended. */
export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A fleet repository in a folder of its own, with room for credentials beside it. */
export interface TestFleet {
  readonly name: string
  /** The folder of the repository. */
  readonly folder: string
  /** A path outside of the repository. */
  beside(name: string): string
  write(path: string, text: string): void
  read(path: string): string
  add(name: string, flags: Partial<AddFlags>): Promise<Said>
  take(names: readonly string[], flags: Partial<ImportFlags> & Pick<ImportFlags, 'from'>): Promise<Said>
  rotate(name: string, flags: Partial<AccountFlags>): Promise<Said>
  check(
    names: readonly string[],
    flags?: Partial<CheckFlags>,
  ): Promise<Said & { readonly checks: readonly ClusterCheck[] }>
  remove(): void
}

/** Makes a fleet of a name that no other test has. */
export function testFleet(): TestFleet {
  const name = unique('join')
  const root = mkdtempSync(join(tmpdir(), 'flotilla-join-'))
  const folder = join(root, 'fleet')
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  mkdirSync(join(folder, '.git'), { recursive: true })
  write('flotilla.yaml', `apiVersion: flotilla.dev/v1alpha1\nkind: Fleet\nmetadata: {name: ${name}}\n`)
  const account = { source: folder, expires: '365d', hostNamespace: 'flotilla-system', yes: true } as const
  return {
    name,
    folder,
    beside: (file) => join(root, file),
    write,
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    add: (cluster, flags) =>
      saying((context) => clusterAddCommand(cluster, { ...account, label: [], ...flags }, context)),
    take: (names, flags) =>
      saying((context) => clusterImportCommand(names, { ...account, label: [], ...flags }, context)),
    rotate: (cluster, flags) => saying((context) => clusterRotateCommand(cluster, { ...account, ...flags }, context)),
    async check(names, flags = {}) {
      const branches = { branch: 'main', generatedBranch: 'generated' }
      const all = { source: folder, hostNamespace: 'flotilla-system', output: 'json', ...branches, ...flags } as const
      const said = await saying((context) => clusterCheckCommand(names, all, context))
      const checks = said.stdout.startsWith('{') ? (JSON.parse(said.stdout).clusters as readonly ClusterCheck[]) : []
      return { ...said, checks }
    },
    remove: () => rmSync(root, { recursive: true }),
  }
}

async function saying(run: (context: CommandContext) => Promise<number>): Promise<Said> {
  let [stdout, stderr] = ['', '']
  const line = (text: string) => {
    stderr += `${text}\n`
  }
  const code = await run({
    terminal: {
      data(text) {
        stdout += text
      },
      message: (_, text) => line(text),
      note: line,
      fail: (text) => line(`flotilla: ${text}`),
      style: (_, text) => text,
      columns: undefined,
    },
    env: { LANG: 'C.UTF-8' },
    clock: systemClock,
    live: undefined,
    onInterrupt: () => () => undefined,
  })
  return { code, stdout, stderr }
}

/** The flags by which a person reaches a control plane as its admin. */
export function asAdmin(plane: ControlPlane): { readonly kubeconfig: string } {
  return { kubeconfig: plane.kubeconfigPath }
}

/** A federated workload of kubefed that goes to every cluster. */
export function federated(kind: string, namespace: string, template: string): string {
  return `apiVersion: types.kubefed.io/v1beta1
kind: Federated${kind}
metadata: {name: ${kind.toLowerCase()}, namespace: ${namespace}}
spec:
  placement: {clusterSelector: {}}
  template:
    ${template}
`
}
