import { describeReal } from '../testbed/binaries.ts'
import { controllerBinaries } from '../testbed/controllers.ts'
import { sharedControlPlanes } from '../testbed/shared.ts'
import { conformanceCases } from './cases.ts'
import type { Target } from './target.ts'

describeReal('conformance of a real kube-apiserver', ['etcd', 'kube-apiserver', ...controllerBinaries], () => {
  let targets: readonly Target[]

  before(async () => {
    const [plain, full] = await Promise.all([sharedControlPlanes(1), sharedControlPlanes(1, { controllers: true })])
    targets = [...plain, ...full]
  })

  conformanceCases(
    () => targets[0] as Target,
    () => targets[1] as Target,
  )
})
