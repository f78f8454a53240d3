import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { systemClock } from '../../../reconciler/clock.ts'
import { startDaemon } from '../../../reconciler/daemon.ts'
import { createGitea } from '../../../reconciler/forge/gitea/forge.ts'
import { openRepository } from '../../../reconciler/git/open.ts'
import { getIn, type Json } from '../../../repo-layout/json.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { type Gitea, startGitea } from '../../testbed/gitea.ts'
import { removeAtExit } from '../../testbed/processes.ts'
import { sharedControlPlanes, useSandbox } from '../../testbed/shared.ts'
import { createWorkTree, type WorkTree } from '../../testbed/work-tree.ts'
import { configMap, yaml } from '../daemon/documents.ts'
import { branches, eventually } from '../daemon/harness.ts'
import { memberOver } from '../daemon/members.ts'
import { uncounted } from '../daemon/uncounted.ts'

const password = 'correct-horse-battery'
const ns = `pulls-${process.pid}`

describeReal('plans on pull requests of a real Gitea', ['gitea'], function () {
  this.timeout(120_000)
  let gitea: Gitea
  let people: WorkTree
  before(async () => {
    useSandbox(true)
    gitea = await startGitea()
  })
  after(async () => {
    useSandbox(false)
    people?.dispose()
    await gitea?.stop()
  })

  async function must(method: string, path: string, body?: Json): Promise<Json> {
    const answer = await gitea.api(method, path, body)
    assert(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body as Json
  }

  it('stand as check and comment on them, go on to "as planned", and leave the head of a fork alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-pulls-'))
    removeAtExit(folder)
    const root = `/repos/${gitea.user}/fleet`
    const url = await gitea.createRepo('fleet', { init: true })
    const credential = gitea.urlWithCredential('fleet')
    people = await createWorkTree(credential)
    const [plane] = await sharedControlPlanes(1)
    assert(plane)
    const member = await memberOver(plane, 'c1', folder)
    const apiVersion = 'flotilla.dev/v1alpha1'
    const write = (v: string) => people.write('a.yaml', yaml(configMap(ns, 'a', { v }, { everywhere: true })))
    people.write('flotilla.yaml', yaml({ apiVersion, kind: 'Fleet', metadata: { name: ns } }))
    const connection = { kubeConfigFile: { path: member.kubeconfig } }
    people.write(
      'clusters/c1.yaml',
      yaml({ apiVersion, kind: 'Cluster', metadata: { name: 'c1' }, spec: { connection } }),
    )
    write('1')
    await people.commit('Begin')
    await people.push()

    const place = {
      kind: 'gitea',
      ...{ api: `${gitea.url}/api/v1`, web: gitea.url },
      repository: `${gitea.user}/fleet`,
    } as const
    const forge = createGitea(place, gitea.token, { clock: systemClock })
    const auth = { type: 'basic', username: gitea.user, password: gitea.token } as const
    const repository = await openRepository({ url, branches, auth, dir: join(folder, 'clone'), clock: systemClock })
    const daemon = startDaemon({
      ...{ repository, branches, clock: systemClock, renderer: 'flotilla test', anew: true },
      ...{ readSecret: async () => undefined, notNewFleet: async () => undefined },
      log: pino({ level: 'silent' }),
      metrics: uncounted,
      pulls: { found: Promise.resolve(forge) },
    })
    const checkOf = async (commit: string) =>
      (await forge.statuses(commit)).find(({ context }) => context === 'flotilla/plan')
    const commentsOf = async (number: number) =>
      ((await must('GET', `${root}/issues/${number}/comments`)) as Json[]).map((one) => String(getIn(one, ['body'])))
    const synced = async () => {
      await daemon.sync()
      await eventually(() => daemon.status().sync === 'synced', 'the fleet is synced')
    }
    const look = async (number: number) => {
      daemon.onPullRequest(number)
      await daemon.planned()
    }
    try {
      await synced()
      await people.git('checkout', '-q', '-b', 'change')
      write('2')
      const head = await people.commit('Change a')
      await people.git('push', '-q', 'origin', 'change')
      await people.git('checkout', '-q', 'main')
      const pull = await must('POST', `${root}/pulls`, { title: 'Change a', head: 'change', base: 'main' })
      const number = Number(getIn(pull, ['number']))
      await look(number)
      const check = await checkOf(head)
      assert.deepEqual([check?.state, check?.description], ['success', '1 configured in 1 cluster (1 unchanged).'])
      const [comment = ''] = await commentsOf(number)
      assert.match(comment, new RegExp(`configured \\| ConfigMap/${ns}/a \\| c1`))

      await must('POST', '/admin/users', {
        ...{ username: 'eve', email: 'eve@flotilla.example', password, must_change_password: false },
      })
      const eve = (method: string, path: string, body: Json) =>
        fetch(`${gitea.url}/api/v1${path}`, {
          method,
          headers: {
            authorization: `Basic ${Buffer.from(`eve:${password}`).toString('base64')}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify(body),
        })
      assert((await eve('POST', `${root}/forks`, {})).ok)
      await people.git('checkout', '-q', '-b', 'evil')
      people.write('evil.yaml', 'kind: [')
      const evil = await people.commit('Be evil')
      await people.git('push', '-q', gitea.url.replace('//', `//eve:${password}@`).concat('/eve/fleet.git'), 'evil')
      await people.git('checkout', '-q', 'main')
      assert((await eve('POST', `${root}/pulls`, { title: 'Evil', head: 'eve:evil', base: 'main' })).ok)
      await look(number + 1)
      assert.equal((await checkOf(evil))?.state, 'pending')
      const { id } = (await must('POST', `${root}/labels`, { name: 'flotilla/plan', color: '#00aabb' })) as {
        id: number
      }
      await must('POST', `${root}/issues/${number + 1}/labels`, { labels: [id] })
      await look(number + 1)
      const refused = await checkOf(evil)
      assert.equal(refused?.state, 'failure')
      assert.match(refused?.description ?? '', /evil\.yaml:1/)

      // What is pushed for review without a branch is a fork's, whatever the forge calls it.
      await people.git('checkout', '-q', '-b', 'agit')
      write('3')
      const review = await people.commit('For review')
      await people.git('push', '-q', 'origin', 'HEAD:refs/for/main', '-o', 'topic=review')
      await people.git('checkout', '-q', 'main')
      await look(number + 2)
      assert.match((await checkOf(review))?.description ?? '', /from a fork/)

      await must('POST', `${root}/pulls/${number}/merge`, { Do: 'merge' })
      await synced()
      await eventually(async () => {
        await look(number)
        return (await commentsOf(number))[0]?.includes('**as planned**')
      }, 'the comment says how it went')
      assert.equal((await commentsOf(number)).length, 1)
    } finally {
      await daemon.stop()
      await forge.close()
      await member.clean(ns, [ns])
      await member.gate.stop()
    }
  })
})
