import { type Sandbox, startSandbox } from '../../deploy/sandbox/start.ts'
import { apiClient } from '../testbed/api-client.ts'
import { conformanceCases } from './cases.ts'
import type { Target } from './target.ts'

describe('conformance of the sandbox', function () {
  this.timeout(20_000)
  let sandbox: Sandbox
  let targets: readonly Target[]

  before(async () => {
    sandbox = await startSandbox({ clusters: [{ name: 'plain', controllers: false, nodes: [] }, { name: 'full' }] })
    targets = sandbox.clusters.map((cluster) => ({
      server: cluster.server,
      caData: cluster.caData,
      token: cluster.token,
      request: apiClient({
        server: cluster.server,
        ca: Buffer.from(cluster.caData, 'base64').toString(),
        token: cluster.token,
      }),
    }))
  })
  after(() => sandbox.stop())

  conformanceCases(
    () => targets[0] as Target,
    () => targets[1] as Target,
  )
})
