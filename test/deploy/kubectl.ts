import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requireBinary } from '../testbed/binaries.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'

/** The folder of the manifests. */
export const manifests = join(import.meta.dirname, '../../deploy/manifests')

/** What kubectl said. */
export interface KubectlOutput {
  readonly stdout: string
  /** Warnings of the API server come here. */
  readonly stderr: string
}

/** Runs kubectl against a control plane as its admin; rejects with its words where it fails. */
export async function kubectl(plane: ControlPlane, ...args: readonly string[]): Promise<KubectlOutput> {
  const env = { ...process.env, KUBECONFIG: plane.kubeconfigPath }
  return promisify(execFile)(requireBinary('kubectl'), [...args], { env, maxBuffer: 16 * 1024 * 1024 })
}
