import { cpus, loadavg, release, type as systemName, totalmem } from 'node:os'
import type { Result } from './result.ts'

/** The machine that a run is made on, as far as it bears upon the numbers. */
export function thisMachine(): Result['machine'] {
  const processors = cpus()
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown processor',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${systemName()} ${release()}`,
    node: process.version,
    load: loadavg()[0] ?? 0,
  }
}
