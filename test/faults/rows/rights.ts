import assert from 'node:assert/strict'
import { eventually } from '../../reconciler/daemon/harness.ts'
import type { CertificateKind } from '../certificates.ts'
import { statusAnswer } from '../fault.ts'
import type { Bed, Row } from '../row.ts'
import { cut } from './network.ts'

const unauthorized = statusAnswer(401, 'Unauthorized', 'Unauthorized')
const forbidden = (what: string) => statusAnswer(403, 'Forbidden', `cannot ${what}: RBAC`)
/** Credentials are read again after so many milliseconds. */
const readAgain = 31_000

function certificateRow(kind: CertificateKind, cause: string, words: string): Row {
  return {
    cause,
    mustNot: 'The credential is sent there; the cluster counts as lost, so that replicas move',
    shown: `\`unauthorized\`: ${words}`,
    says: new RegExp(`^unauthorized: .*${words}`, 'm'),
    fault({ c1 }) {
      c1.proxy.present(kind)
      return () => c1.proxy.present('good')
    },
    check: alive,
  }
}

/** A cluster that does not let us in is alive: the facts never say otherwise. */
function alive({ daemon }: Bed): void {
  assert.equal(daemon.observations().clusters.c1?.reachable, true)
}

/** Credentials and rights in a member. */
export const rightsRows: readonly Row[] = [
  {
    cause: 'A member answers 401 from one moment on (the token has expired)',
    mustNot: 'The cluster counts as lost, so that replicas move',
    shown: '`unauthorized`',
    says: /^unauthorized: .*Unauthorized/m,
    fault: ({ c1 }) => c1.proxy.inject({ what: unauthorized }),
    check: alive,
  },
  {
    cause: 'A member answers 401 in the middle of an apply',
    mustNot: 'What was applied is lost track of',
    shown: '`unauthorized`',
    says: /^unauthorized: .*Unauthorized/m,
    fault: ({ c1 }) => c1.proxy.inject({ on: { write: true }, what: unauthorized, skip: 2 }),
  },
  {
    cause: 'A member answers 401 once (the token was changed)',
    mustNot: 'Anybody notices',
    shown: 'nothing: the credential is read again at once',
    fault: ({ c1 }) => c1.proxy.inject({ what: unauthorized, times: 1 }),
  },
  {
    cause: 'A member answers 403 to everything from one moment on',
    mustNot: 'What may not be seen counts as gone; the cluster counts as lost',
    shown: '`unauthorized`',
    says: /^unauthorized: .*RBAC/m,
    fault({ c1 }) {
      const mend = c1.proxy.inject({ what: forbidden('get anything') })
      cut(c1)
      return mend
    },
    check: alive,
  },
  {
    cause: 'The right to apply a kind is taken away',
    mustNot: 'The objects are deleted and made anew',
    shown: '`degraded`: each object, with the words of the server',
    says: /\/changed failed .*cannot patch: RBAC/m,
    fault: ({ c1 }) => c1.proxy.inject({ on: { methods: ['PATCH'] }, what: forbidden('patch') }),
  },
  {
    cause: 'The right to delete is taken away',
    mustNot: 'The object is forgotten; the cluster passes for synced',
    shown: '`degraded`: the object, with the words of the server',
    says: /^degraded: [\s\S]*\/gone failed .*cannot delete: RBAC/m,
    fault: ({ c1 }) => c1.proxy.inject({ on: { methods: ['DELETE'] }, what: forbidden('delete') }),
  },
  {
    cause: 'The right to list a kind is taken away',
    mustNot: 'Its objects count as gone; they are not applied any more',
    shown: '`degraded`: cannot watch the kind, and why',
    says: /^degraded: .*cannot watch ConfigMap: .*RBAC/m,
    fault({ c1 }) {
      const mend = c1.proxy.inject({
        on: { path: /\/configmaps\?labelSelector=flotilla\.dev%2Ffleet/ },
        what: forbidden('list'),
      })
      cut(c1)
      return mend
    },
  },
  {
    cause: 'The right to read the inventory is taken away',
    mustNot: 'It counts as empty, so that all is a stranger’s or nobody’s',
    shown: '`unauthorized`',
    says: /^unauthorized: .*RBAC/m,
    fault({ c1 }) {
      const mend = c1.proxy.inject({ on: { path: /\/flotilla-system\/configmaps/ }, what: forbidden('list') })
      cut(c1)
      return mend
    },
    check: alive,
  },
  certificateRow('expired', 'The certificate of a member has expired', 'certificate has expired'),
  certificateRow('unknown authority', 'The certificate of a member is signed by an unknown authority', 'certificate'),
  certificateRow('other name', 'The certificate of a member is for another name', 'altnames'),
  {
    cause: 'The Secret with the kubeconfig is gone, while the connection works',
    mustNot: 'A connection that works is given up',
    shown: 'nothing until the member refuses the old credential',
    fault({ world }) {
      const { readSecret } = world
      world.readSecret = async (name) => (name === 'c1' ? undefined : readSecret(name))
      world.clock.pass(readAgain)
      return () => {
        world.readSecret = readSecret
      }
    },
  },
  {
    cause: 'The Secret with the kubeconfig is gone, and the connection too',
    mustNot: 'The cluster counts as lost',
    shown: '`unauthorized`: the Secret does not exist',
    says: /^unauthorized: Secret c1 does not exist/m,
    async fault(bed) {
      const { world } = bed
      const { readSecret } = world
      await bed.daemon.kill()
      world.readSecret = async (name) => (name === 'c1' ? undefined : readSecret(name))
      bed.daemon = await world.start()
      return () => {
        world.readSecret = readSecret
      }
    },
    check: alive,
  },
  {
    cause: 'The kubeconfig is half written',
    mustNot: 'What stands in it is shown; the cluster counts as lost',
    shown: '`unauthorized`: it is no kubeconfig',
    says: /^unauthorized: kubeconfig of c1 /m,
    async fault(bed) {
      const { world } = bed
      const { readSecret } = world
      await bed.daemon.kill()
      world.readSecret = async (name) => {
        const values = await readSecret(name)
        return name === 'c1' ? { value: String(values?.value).slice(0, 200) } : values
      }
      bed.daemon = await world.start()
      return () => {
        world.readSecret = readSecret
      }
    },
    check: alive,
  },
  {
    cause: 'The kubeconfig of one member leads to another',
    mustNot: 'Anything is written there',
    shown: '`degraded`: this is another cluster than before',
    says: /^degraded: .*another cluster than before/m,
    async fault({ world, c2, daemon }) {
      const { readSecret } = world
      world.readSecret = async (name) => (name === 'c1' ? { value: c2.kubeconfig('daemon') } : readSecret(name))
      world.clock.pass(readAgain)
      cut(world.cluster('c1'))
      await eventually(() => daemon.status().sync !== 'synced', 'it is noticed')
      return () => {
        world.readSecret = readSecret
        world.clock.pass(readAgain)
      }
    },
  },
]
