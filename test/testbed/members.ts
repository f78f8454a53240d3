import { describeReal } from './binaries.ts'
import { useSandbox } from './shared.ts'

/**
 * A mocha suite over member clusters that runs twice: on the sandbox always, and on real components where every one of
 * `needs` is there. Inside of it `sharedControlPlanes` gives clusters of the kind whose turn it is.
 */
export function describeMembers(title: string, needs: readonly string[], suite: (this: Mocha.Suite) => void): void {
  describeSandbox(`${title} (sandbox)`, suite)
  describeReal(title, needs, suite)
}

/** The same on the sandbox alone: for what does not depend on how an API server answers. */
export function describeSandbox(title: string, suite: (this: Mocha.Suite) => void): void {
  describe(title, function () {
    this.timeout(60_000)
    before(() => useSandbox(true))
    after(() => useSandbox(false))
    suite.call(this)
  })
}
