/** Test files that one mocha process runs one after the other, beside other lanes. */
export interface Lane {
  readonly name: string
  readonly files: readonly string[]
}

/** Which file is in which lane: the first that holds it. Those that take longest stand first. */
const holders: readonly { readonly name: string; readonly holds: RegExp }[] = [
  { name: 'walks', holds: /^test\/reconciler\/rollouts\/(kill|recover|walk)\./ },
  { name: 'killed daemons', holds: /^test\/reconciler\/daemon\/(kill|recover|two-daemons)\./ },
  { name: 'forge', holds: /^test\/reconciler\/(forge|pulls|report|capture|revert|server)\// },
  { name: 'daemon', holds: /^test\/reconciler\/daemon\// },
  { name: 'faults', holds: /^test\/faults\// },
  { name: 'failing rollouts', holds: /^test\/reconciler\/rollouts\/(automatic|failing|refused)\./ },
  { name: 'rollouts', holds: /^test\/reconciler\/rollouts\// },
  { name: 'plans', holds: /^test\/reconciler\/((plan|detach|join|filled)\/|(commands|charts)\/.*\.real\.)/ },
  { name: 'member', holds: /^test\/reconciler\/member\// },
  { name: 'pages', holds: /^test\/(docs|story)\// },
  { name: 'commands', holds: /^test\/reconciler\/(commands|git|charts)\// },
  { name: 'deploy', holds: /^test\/(deploy|conformance|testbed)\// },
  { name: 'other', holds: /^/ },
]

/**
 * The lanes in which `npm test` runs the files, without those that stay empty, in the order in which they begin. Suites
 * on real components share their control planes within a lane, so those that need the same are together. A lane is cut in
 * two before it is left running alone at the end of a run; small processes also start others faster than large ones.
 */
export function lanesOf(files: readonly string[]): readonly Lane[] {
  const nameOf = (file: string) => holders.find(({ holds }) => holds.test(file))?.name
  return holders
    .map(({ name }) => ({ name, files: files.filter((file) => nameOf(file) === name) }))
    .filter((lane) => lane.files.length > 0)
}
