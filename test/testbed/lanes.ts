/** Test files that one mocha process runs one after the other, beside other lanes. */
export interface Lane {
  readonly name: string
  readonly files: readonly string[]
}

/** Which file is in which lane: the first that holds it. Those that take longest, or mostly wait, stand first. */
const holders: readonly { readonly name: string; readonly holds: RegExp }[] = [
  { name: 'rollouts', holds: /^test\/reconciler\/(rollouts|member\/traffic)\// },
  { name: 'killed daemons', holds: /^test\/reconciler\/daemon\/(kill|recover|two-daemons)\./ },
  { name: 'daemon', holds: /^test\/reconciler\/daemon\// },
  { name: 'faults', holds: /^test\/faults\// },
  { name: 'member', holds: /^test\/reconciler\/member\// },
  { name: 'forge', holds: /^test\/reconciler\/(forge|pulls|report|capture|revert|server)\// },
  { name: 'pages', holds: /^test\/(docs|story)\// },
  { name: 'plans', holds: /^test\/reconciler\/((plan|detach|join|filled)\/|(commands|charts)\/.*\.real\.)/ },
  { name: 'deploy', holds: /^test\/(deploy|conformance|testbed)\// },
  { name: 'commands', holds: /^test\/reconciler\/(commands|git|charts)\// },
  { name: 'other', holds: /^/ },
]

/**
 * The lanes in which `npm test` runs the files, without those that stay empty, in the order in which they begin. Suites
 * on real components share their control planes within a lane, so those that need the same are together. Lanes are so small
 * that none is left running alone at the end, and that the processes stay small: a large one is slow to start others.
 */
export function lanesOf(files: readonly string[]): readonly Lane[] {
  const nameOf = (file: string) => holders.find(({ holds }) => holds.test(file))?.name
  return holders
    .map(({ name }) => ({ name, files: files.filter((file) => nameOf(file) === name) }))
    .filter((lane) => lane.files.length > 0)
}
