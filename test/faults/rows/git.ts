import assert from 'node:assert/strict'
import { readdirSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../reconciler/daemon/harness.ts'
import type { Bed, Row } from '../row.ts'

const page = { 'content-type': 'text/html' }
const pushes = { path: /\/git-receive-pack$/ }
const reads = { path: /git-upload-pack/ }

/** One commit for each of the source's, whatever went wrong in between. */
async function oneCommitEach({ world }: Bed): Promise<void> {
  assert.deepEqual(await world.generatedSubjects(), ['Change, add and remove', 'Begin to run'])
}

/** Drift in a cluster is healed although nothing can be pulled. */
async function healsDrift({ world, c1 }: Bed): Promise<void> {
  const path = `/api/v1/namespaces/${world.ns}/configmaps/changed`
  await c1.send('PATCH', path, { data: { value: 'by hand' } })
  await eventually(async () => JSON.stringify(await c1.live(path)).includes('"value":"one"'), 'drift is healed')
}

/** The Git server, what is between it and the daemon, and the daemon's clone. */
export const gitRows: readonly Row[] = [
  {
    cause: 'The Git server refuses connections',
    mustNot: 'Anything in any cluster changes',
    shown: '`main: … cannot be reached`',
    holds: 'all',
    says: /^source: .*cannot be reached/m,
    fault({ world }) {
      world.git.setNetwork('refused')
      return () => world.git.setNetwork('open')
    },
    check: oneCommitEach,
  },
  {
    cause: 'The Git server is gone for an hour',
    mustNot: 'Drift stays; anything is given up',
    shown: '`main: … cannot be reached`; drift is healed meanwhile',
    holds: 'all',
    says: /^source: .*cannot be reached/m,
    async fault(bed) {
      const { world, daemon } = bed
      world.git.setNetwork('refused')
      await eventually(() => daemon.status().source.problem !== '', 'it is noticed')
      for (let minute = 0; minute < 60; minute += 5) world.clock.pass(5 * 60_000)
      await eventually(() => daemon.status().clusters.every(({ sync }) => sync === 'synced'), 'the clusters are well')
      await healsDrift(bed)
      return () => world.git.setNetwork('open')
    },
    check: oneCommitEach,
  },
  {
    cause: 'The Git server takes connections and never answers',
    mustNot: 'A turn waits for ever',
    shown: '`main: … did not answer within …`',
    holds: 'all',
    says: /^source: .*did not answer within/m,
    fault: ({ world }) => world.git.inject({ what: { type: 'hang' } }),
    check: oneCommitEach,
  },
  {
    cause: 'The Git server answers 500 or 503',
    mustNot: 'The branch counts as missing',
    shown: '`main: … answered 503`',
    holds: 'all',
    says: /^source: .*answered 503/m,
    fault: ({ world }) => world.git.inject({ what: { type: 'answer', status: 503, body: 'down for maintenance' } }),
  },
  {
    cause: 'The Git server answers 429',
    mustNot: 'The branch counts as missing',
    shown: '`main: … answered 429`',
    holds: 'all',
    says: /^source: .*answered 429/m,
    fault: ({ world }) =>
      world.git.inject({ what: { type: 'answer', status: 429, headers: { 'retry-after': '1' }, body: '' } }),
  },
  {
    cause: 'The Git credential has expired',
    mustNot: 'The branch counts as missing',
    shown: '`main: … refused the credential (401)`, and what to check',
    holds: 'all',
    says: /^source: .*refused the credential \(401\).*; check the user and token/m,
    fault: ({ world }) => world.git.inject({ what: { type: 'answer', status: 401, body: '' } }),
  },
  {
    cause: 'The repository is hidden from the credential (404)',
    mustNot: 'It counts as an empty one',
    shown: '`main: there is no repository at …`, and what to check',
    holds: 'all',
    says: /^source: .*there is no repository at .*; check the address/m,
    fault: ({ world }) => world.git.inject({ what: { type: 'answer', status: 404, body: '' } }),
  },
  {
    cause: 'The Git server redirects elsewhere',
    mustNot: 'The credential goes there',
    shown: '`main: … has moved to …; the credential is not sent there`',
    holds: 'all',
    says: /^source: .*has moved to .*the credential is not sent there/m,
    fault: ({ world }) =>
      world.git.inject({
        what: { type: 'answer', status: 302, headers: { location: 'https://elsewhere.example/x' }, body: '' },
      }),
  },
  {
    cause: 'A sign-in page answers instead of the Git server',
    mustNot: 'It counts as an empty repository',
    shown: '`main: … does not answer as a Git server`',
    holds: 'all',
    says: /^source: .*(does not answer as a Git server|cannot be read)/m,
    fault: ({ world }) =>
      world.git.inject({ what: { type: 'answer', status: 200, headers: page, body: '<html>Sign in</html>' } }),
  },
  {
    cause: 'A fetch is cut off, and the connection with it',
    mustNot: 'Half a commit is rendered',
    shown: '`main: …`',
    holds: 'all',
    says: /^source: \S/m,
    fault: ({ world }) =>
      world.git.inject({ on: { ...reads, methods: ['POST'] }, what: { type: 'truncate', bytes: 50 } }),
    check: oneCommitEach,
  },
  {
    cause: 'The list of branches is cut off as if that were all of it',
    mustNot: 'A branch that was cut off counts as missing, so that it is pushed back or begun anew',
    shown: '`main: … broke off its list of branches`',
    holds: 'all',
    says: /^source: .*broke off its list of branches/m,
    fault: ({ world }) =>
      world.git.inject({ on: { path: /\/info\/refs/ }, what: { type: 'truncate', bytes: 120, clean: true } }),
    check: oneCommitEach,
  },
  {
    cause: 'A fetch is cut off as if that were all of it',
    mustNot: 'Half a commit is rendered',
    shown: '`main: …`',
    holds: 'all',
    says: /^source: \S/m,
    fault: ({ world }) =>
      world.git.inject({ on: { ...reads, methods: ['POST'] }, what: { type: 'truncate', bytes: 100, clean: true } }),
    check: oneCommitEach,
  },
  {
    cause: 'The Git server answers from a replica that is behind',
    mustNot: 'The older source undoes what runs',
    shown: 'nothing until it has caught up',
    holds: 'all',
    says: /^source: $/m,
    async fault({ world, daemon }) {
      world.git.record()
      const before = world.git.asked.length
      await eventually(() => world.git.asked.length > before + 3, 'a pull was recorded')
      await daemon.sync()
      return world.git.inject({ on: { methods: ['GET'] }, what: { type: 'stale' } })
    },
    async meanwhile({ world }) {
      const before = world.git.asked.length
      await eventually(() => world.git.asked.length > before + 6, 'it was pulled from some times')
    },
    check: oneCommitEach,
  },
  {
    cause: 'The push is refused (403)',
    mustNot: 'What is not in the generated branch is applied',
    shown: '`main: … does not allow this credential to push`',
    holds: 'all',
    says: /does not allow this credential to push \(403\)/,
    fault: ({ world }) => world.git.inject({ on: pushes, what: { type: 'answer', status: 403, body: '' } }),
    check: oneCommitEach,
  },
  {
    cause: 'The connection dies in the middle of a push, before the server took it',
    mustNot: 'What is not in the generated branch is applied',
    shown: '`main: … cannot be reached`',
    holds: 'all',
    says: /^source: .*cannot be reached/m,
    fault: ({ world }) => world.git.inject({ on: pushes, what: { type: 'cut' } }),
    check: oneCommitEach,
  },
  {
    cause: 'The connection dies in the middle of a push, after the server took it',
    mustNot: 'The change is committed twice',
    shown: 'nothing: what the branch is at is asked for',
    fault: ({ world }) => world.git.inject({ on: pushes, what: { type: 'cut after' } }),
    check: oneCommitEach,
  },
  {
    cause: 'A push is answered after its connection has died, and all that follows too',
    mustNot: 'The change is committed twice',
    shown: '`main: …` until the server can be asked',
    holds: 'all',
    says: /^source: \S/m,
    fault({ world }) {
      const lost = world.git.inject({ on: pushes, what: { type: 'cut after' } })
      const hook = world.git.onWrite({ after: () => world.git.setNetwork('refused') })
      return () => {
        hook()
        lost()
        world.git.setNetwork('open')
      }
    },
    check: oneCommitEach,
  },
  {
    cause: 'A push hangs, and the server takes it when the daemon has given up long since',
    mustNot: 'The change is committed twice; a newer commit is undone',
    shown: '`main: … did not answer within …`',
    holds: 'all',
    says: /^source: .*did not answer within/m,
    fault: ({ world }) => world.git.inject({ on: pushes, what: { type: 'late' } }),
    check: oneCommitEach,
  },
  {
    cause: 'The generated branch is not among what the server tells',
    mustNot: 'It counts as a new fleet',
    shown: 'nothing: it is pushed back from the clone, which the server knows to be there',
    async fault({ world }) {
      await world.deleteGenerated()
      return () => undefined
    },
  },
  {
    cause: 'A pack of the clone is damaged',
    mustNot: 'What cannot be read counts as gone',
    shown: 'nothing: a new clone is made',
    fault({ world }) {
      for (const path of packsOf(world.cloneDir)) truncateSync(path, 40)
      return () => undefined
    },
    check: oneCommitEach,
  },
  {
    cause: 'The clone is gone from the disk',
    mustNot: 'It counts as a new fleet',
    shown: 'nothing: a new clone is made',
    fault({ world }) {
      rmSync(world.cloneDir, { recursive: true, force: true })
      return () => undefined
    },
    check: oneCommitEach,
  },
]

function packsOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.pack'))
    .map((path) => join(folder, path))
}
