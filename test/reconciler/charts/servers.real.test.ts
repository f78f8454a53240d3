import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ChartCredential } from '../../../reconciler/charts/credentials.ts'
import { subjectOf } from '../../../repo-layout/subject.ts'
import { nginxFolder, type PackedChart, packChart } from '../../charts/pack.ts'
import { describeReal, requireBinary } from '../../testbed/binaries.ts'
import { type Gitea, startGitea } from '../../testbed/gitea.ts'
import { type OciRegistry, startOciRegistry } from '../../testbed/registry.ts'
import { chartWorld, resolve, resolveAndRender } from './world.ts'

const run = promisify(execFile)
const versions = ['0.0.1', '0.0.2', '1.0.0-rc.1', '1.0.0+build.7']

async function packAll(): Promise<readonly PackedChart[]> {
  return Promise.all(versions.map((version) => packChart(nginxFolder, { version })))
}

/** Pushes a chart as people do. */
async function push(folder: string, chart: PackedChart, to: string, user: { name: string; password: string }) {
  const archive = join(folder, `${chart.name}-${chart.version}.tgz`)
  writeFileSync(archive, chart.bytes)
  const login = ['--plain-http', '--username', user.name, '--password', user.password]
  const env = { PATH: process.env.PATH, HOME: folder }
  await run(requireBinary('helm'), ['push', archive, to, ...login], { env })
}

function credential(origin: string, user: { name: string; password: string }): () => Promise<ChartCredential[]> {
  return async () => [{ origin, user, ca: undefined, tokenServer: undefined }]
}

describeReal('charts that helm pushed to a real registry', ['helm', 'registry'], () => {
  const world = chartWorld()
  let registry: OciRegistry
  let charts: readonly PackedChart[]
  before(async () => {
    registry = await startOciRegistry()
    charts = await packAll()
    for (const chart of charts) await push(world.folder, chart, `oci://${registry.host}/team/charts`, registry.user)
  })
  after(async () => {
    await world.clean()
    await registry?.stop()
  })

  for (const [constraint, version] of [
    ['0.0.1', '0.0.1'],
    ['~0.0.1', '0.0.2'],
    ['~1.0.0-0', '1.0.0+build.7'],
    ['1.0.0-rc.1', '1.0.0-rc.1'],
  ] as const)
    it(`are found with user and password, and rendered: ${constraint} is ${version}`, async () => {
      const ref = { name: 'nginx', version: constraint, repoUrl: `oci://${registry.host}/team/charts` }
      const engine = world.engine({ credentials: credential(`http://${registry.host}`, registry.user) })
      const digest = charts.find((chart) => chart.version === version)?.digest
      assert.deepEqual(await resolve(engine, ref), { type: 'resolved', version, digest })
      const rendering = await resolveAndRender(engine, ref)
      assert.deepEqual(rendering?.type === 'rendered' && rendering.objects.map(subjectOf), [
        'Service/nginx',
        'Deployment.apps/web-1-nginx',
      ])
    })

  it('are not found without, and the message says for which server a credential is missing', async () => {
    const ref = { name: 'nginx', version: '*', repoUrl: `oci://${registry.host}/team/charts` }
    const answer = await resolve(world.engine(), ref)
    assert.match(answer?.type === 'failed' ? answer.problem : '', /none is configured for http:\/\/127\.0\.0\.1:\d+$/)
  })
})

describeReal('charts in the packages of a real Gitea', ['helm', 'gitea'], () => {
  const world = chartWorld()
  let gitea: Gitea
  let charts: readonly PackedChart[]
  let credentials: () => Promise<ChartCredential[]>
  before(async () => {
    gitea = await startGitea()
    charts = await packAll()
    const user = { name: gitea.user, password: gitea.token }
    credentials = credential(gitea.url, user)
    for (const chart of charts) await push(world.folder, chart, `oci://${new URL(gitea.url).host}/${gitea.user}`, user)
    for (const { bytes } of charts) {
      const authorization = `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`
      const url = `${gitea.url}/api/packages/${gitea.user}/helm/api/charts`
      const answer = await fetch(url, {
        method: 'POST',
        body: bytes as Uint8Array<ArrayBuffer>,
        headers: { authorization },
      })
      assert.equal(answer.status, 201, await answer.text())
    }
  })
  after(async () => {
    await world.clean()
    await gitea?.stop()
  })

  it('are read from its registry, by a token that it gives for user and password', async () => {
    const repoUrl = `oci://${new URL(gitea.url).host}/${gitea.user}`
    const answer = await resolve(world.engine({ credentials }), { name: 'nginx', version: '0.0.x', repoUrl })
    assert.deepEqual(answer, { type: 'resolved', version: '0.0.2', digest: charts[1]?.digest })
  })

  it('are read from its Helm repository, whose index it makes itself', async () => {
    const repoUrl = `${gitea.url}/api/packages/${gitea.user}/helm`
    const ref = { name: 'nginx', version: '>=0.0.1', repoUrl }
    const engine = world.engine({ credentials })
    const newest = await resolve(engine, ref)
    assert.deepEqual(newest, { type: 'resolved', version: '1.0.0+build.7', digest: charts[3]?.digest })
    assert.equal((await resolveAndRender(engine, { ...ref, version: '0.0.1' }))?.type, 'rendered')
  })
})
