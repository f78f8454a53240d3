import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { describeReal, requireBinary } from '../testbed/binaries.ts'
import { nginxFolder, packChart } from './pack.ts'
import { writeNginxRepository } from './repository.ts'

const run = promisify(execFile)

describe('charts for tests', () => {
  it('are packed into the same bytes each time, and into others for another version', async () => {
    const [one, again, other] = await Promise.all([
      packChart(nginxFolder),
      packChart(nginxFolder),
      packChart(nginxFolder, { version: '0.0.2' }),
    ])
    assert.equal(one.digest, again.digest)
    assert.notEqual(one.digest, other.digest)
    assert.deepEqual([one.version, other.version], ['0.0.1', '0.0.2'])
  })
})

describeReal('charts for tests, read by Helm', ['helm'], () => {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-charts-'))
  after(() => rmSync(folder, { recursive: true }))

  for (const version of ['0.0.1', '0.0.2'])
    it(`nginx ${version} is one Deployment that is named for its release, and one Service that is not`, async () => {
      await writeNginxRepository(folder)
      const archive = join(folder, `nginx-${version}.tgz`)
      const { stdout } = await run(requireBinary('helm'), ['template', 'web-1', archive, '--set', 'replicaCount=3'])
      const objects = parseAllDocuments(stdout).map((document) => document.toJS())
      assert.deepEqual(
        objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
        ['Service/nginx', 'Deployment/web-1-nginx'],
      )
      assert.equal(objects[1].spec.replicas, 3)
      assert.equal(objects[1].spec.template.metadata.labels.version, version)
    })
})
