import { passingError } from '../error.ts'
import type { RunHelm } from './run.ts'

/**
 * The engine as it is recorded with what it rendered: `helm v4.1.4`. Rejects with a `ChartError` that is not final where the
 * program is no Helm of version 3 or 4.
 */
export async function helmVersion(helm: string, run: RunHelm): Promise<string> {
  const { ok, stdout, stderr } = await run(['version', '--template', '{{.Version}}'])
  const version = stdout.trim()
  if (ok && /^v[34]\.\d+\.\d+\S*$/.test(version)) return `helm ${version}`
  const said = (version || stderr.trim()).slice(0, 200)
  throw passingError(`${helm} is no helm of version 3 or 4${said === '' ? '' : `; it says ${JSON.stringify(said)}`}`)
}
