/** Test files that one mocha process runs one after the other, beside the other lanes. */
export interface Lane {
  readonly name: string
  readonly files: readonly string[]
}

/**
 * The lanes in which `npm test` runs the files, without those that stay empty. Suites on real components share their
 * control planes within a process, so those are cut into as few lanes as fill the waiting of one with the work of another.
 */
export function lanesOf(files: readonly string[]): readonly Lane[] {
  const lanes = [
    { name: 'faults', holds: (file: string) => file.startsWith('test/faults/') },
    { name: 'rollouts', holds: (file: string) => /^test\/reconciler\/(rollouts|member\/traffic)\//.test(file) },
    { name: 'daemon', holds: (file: string) => file.startsWith('test/reconciler/daemon/') },
    { name: 'real', holds: (file: string) => file.endsWith('.real.test.ts') || file.startsWith('test/testbed/') },
    { name: 'other', holds: () => true },
  ]
  const nameOf = (file: string) => lanes.find(({ holds }) => holds(file))?.name
  return lanes
    .map(({ name }) => ({ name, files: files.filter((file) => nameOf(file) === name) }))
    .filter((lane) => lane.files.length > 0)
}
