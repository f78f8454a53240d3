import type { Controller } from './controller.ts'
import { daemonSetController } from './daemon-set.ts'
import { deploymentController } from './deployment.ts'
import { endpointSliceController } from './endpoint-slice.ts'
import { garbageCollector } from './garbage.ts'
import { jobController } from './job.ts'
import { kubelet } from './kubelet.ts'
import { namespaceController } from './namespace.ts'
import { replicaSetController } from './replica-set.ts'
import { scheduler } from './scheduler.ts'
import { statefulSetController } from './stateful-set.ts'

/** Everything that moves in a cluster. */
export const controllers: readonly Controller[] = [
  deploymentController,
  replicaSetController,
  statefulSetController,
  daemonSetController,
  jobController,
  scheduler,
  kubelet,
  endpointSliceController,
  namespaceController,
  garbageCollector,
]
