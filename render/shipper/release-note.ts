import { z } from 'zod'
import { firstDocument } from '../../repo-layout/yaml/parse.ts'
import type { Rollout } from './rollout.ts'

/**
 * What the workload of a release says about it in a cluster, in the annotation `flotilla.dev/release`: that of its record which no
 * object shows, so that the record can be made again from what runs. It never changes while the release lives.
 */
export interface ReleaseNote {
  readonly generation: number
  /** Hash of the template as it was written. */
  readonly template: string
  readonly chart: Rollout['environment']['chart']
  /** Digest of the chart. */
  readonly digest: string
  /** What rendered the chart. */
  readonly engine: string
  /** The replicas that 100 % stand for in this cluster. */
  readonly replicas: number
}

const schema = z.object({
  generation: z.int().min(0),
  template: z.string(),
  chart: z.object({ name: z.string(), version: z.string(), repoUrl: z.string() }),
  digest: z.string(),
  engine: z.string(),
  replicas: z.int().min(0),
})

/** The note of a release, as the annotation has it where so many replicas are its full capacity. */
export function releaseNote(
  { generation, template, environment: { chart }, digest, engine }: Rollout,
  replicas: number,
): string {
  const { name, version, repoUrl } = chart
  const note: ReleaseNote = { generation, template, chart: { name, version, repoUrl }, digest, engine, replicas }
  return JSON.stringify(note)
}

/** Reads a note; undefined where it is none. */
export function parseReleaseNote(text: string | undefined): ReleaseNote | undefined {
  return text === undefined ? undefined : schema.safeParse(firstDocument(text)).data
}
