import type { FleetSource } from '../../../repo-layout/read/assemble.ts'
import { createFleetReader } from '../../../repo-layout/read/reader.ts'
import { memoryTree, type Sources } from '../../render/helper.ts'

/** Reads sources as a fleet; fails where they are none. */
export async function readSource(sources: Sources): Promise<FleetSource> {
  const { source, messages } = await createFleetReader().read(memoryTree(sources))
  if (!source) throw new Error(JSON.stringify(messages))
  return source
}
