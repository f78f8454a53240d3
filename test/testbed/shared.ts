import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { startSandboxPlane } from './sandbox-plane.ts'

const plain: Promise<ControlPlane>[] = []
const full: Promise<ControlPlane>[] = []
const sandboxes = { plain: [] as Promise<ControlPlane>[], full: [] as Promise<ControlPlane>[] }
let onSandbox = false

/** Whether `sharedControlPlanes` gives clusters in memory from now on; `describeMembers` sees to it. */
export function useSandbox(yes: boolean): void {
  onSandbox = yes
}

/** Which pool `sharedControlPlanes` takes from. */
export interface SharedOptions {
  /** Control planes whose workloads get ready; see `ControlPlaneOptions.controllers`. */
  readonly controllers?: boolean
}

/**
 * The first `count` control planes that all suites of this process share, named `cluster1` and so on (`full1` and so
 * on with controllers). They are started when first asked for, record an audit log, and end with the process.
 *
 * A suite finds what others left: it uses namespaces and names of its own, and starts a control plane of its own where
 * it kills or restarts one. Namespaces go away only where `controllers` is set, as in any cluster without controllers.
 */
export async function sharedControlPlanes(
  count: number,
  options: SharedOptions = {},
): Promise<readonly ControlPlane[]> {
  const controllers = options.controllers === true
  if (onSandbox) return sandboxPlanes(count, controllers)
  const pool = controllers ? full : plain
  while (pool.length < count) {
    const name = `${controllers ? 'full' : 'cluster'}${pool.length + 1}`
    pool.push(startControlPlane({ name, controllers, audit: true }))
  }
  return Promise.all(pool.slice(0, count))
}

/** The first of the control planes that all suites of this process share. */
export async function sharedControlPlane(options: SharedOptions = {}): Promise<ControlPlane> {
  const [first] = await sharedControlPlanes(1, options)
  if (!first) throw new Error('no control plane was started')
  return first
}

/** A control plane that no other suite uses, to be killed and restarted; its suite stops it. */
export function ownControlPlane(name: string): Promise<ControlPlane> {
  return onSandbox ? startSandboxPlane(`sandbox-${name}`, false) : startControlPlane({ name, audit: true })
}

function sandboxPlanes(count: number, controllers: boolean): Promise<readonly ControlPlane[]> {
  const pool = controllers ? sandboxes.full : sandboxes.plain
  while (pool.length < count) {
    pool.push(startSandboxPlane(`${controllers ? 'sandbox-full' : 'sandbox'}${pool.length + 1}`, controllers))
  }
  return Promise.all(pool.slice(0, count))
}
