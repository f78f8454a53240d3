import { describeReal } from './binaries.ts'
import { useSandbox } from './shared.ts'

/**
 * A mocha suite over member clusters that runs twice: on the sandbox always, and on real components where every one of
 * `needs` is there. Inside of it `sharedControlPlanes` gives clusters of the kind whose turn it is.
 */
export function describeMembers(title: string, needs: readonly string[], suite: (this: Mocha.Suite) => void): void {
  describe(`${title} (sandbox)`, function () {
    this.timeout(60_000)
    before(() => useSandbox(true))
    after(() => useSandbox(false))
    suite.call(this)
  })
  describeReal(title, needs, suite)
}
