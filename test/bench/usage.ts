import { readFileSync } from 'node:fs'

/** What a process has used so far. */
export interface Usage {
  readonly cpuSeconds: number
  /** The memory that it holds now. */
  readonly residentBytes: number
  /** The most memory that it ever held at once. */
  readonly peakBytes: number
}

/** Linux counts processor time in hundredths of a second for every program. */
const ticksPerSecond = 100

/** What a running process has used since it began, as Linux counts it; undefined on other systems. */
export function usageOf(pid: number): Usage | undefined {
  if (process.platform !== 'linux') return undefined
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in brackets may hold anything; user and system time are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    residentBytes: bytes('VmRSS'),
    peakBytes: bytes('VmHWM'),
  }
}
