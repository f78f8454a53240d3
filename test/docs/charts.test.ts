import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { readChartCredentials } from '../../reconciler/charts/credentials.ts'
import * as limits from '../../reconciler/charts/limits.ts'
import { pickVersion } from '../../reconciler/charts/pick.ts'
import { fleetSchema } from '../../repo-layout/schema/fleet.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/charts.md'), 'utf8')
const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text)

describe('the page about charts', () => {
  it('has settings of a Fleet and credentials that are read as they stand there', async () => {
    const [, fleet = '', credentials = ''] = examples
    const document = { apiVersion: 'flotilla.dev/v1alpha1', kind: 'Fleet', metadata: { name: 'a' }, spec: parse(fleet) }
    assert.equal(fleetSchema.safeParse(document).success, true)
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-charts-'))
    try {
      const file = join(folder, 'file')
      writeFileSync(file, 'secret')
      const text = credentials.replaceAll(/\/(var|etc)\/\S+/g, file)
      writeFileSync(join(folder, 'credentials.yaml'), text)
      const read = await readChartCredentials(join(folder, 'credentials.yaml'), { REGISTRY_TOKEN: 'token' })
      assert.deepEqual(
        read.map(({ origin, user, tokenServer }) => [origin, user?.password, tokenServer]),
        [
          ['https://charts.example.com', 'secret', undefined],
          ['https://registry.example.com', 'token', 'https://auth.example.com'],
        ],
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('says the limits that hold', () => {
    const size = (bytes: number) => limits.formatSize(bytes)
    for (const row of [
      `| archive, index | ${size(limits.maxArchiveSize)}, ${size(limits.maxIndexSize)} |`,
      `| unpacked, one file | ${size(limits.maxUnpackedSize)}, ${size(limits.maxFileSize)} (Helm's own) |`,
      `| files | ${limits.maxEntries.toLocaleString('en')}, in one folder |`,
      `| output | ${size(limits.maxOutputSize)}, ${limits.helmTimeout / 1000} s |`,
    ])
      assert.ok(page.includes(row), row)
  })

  it('says of constraints what they take', () => {
    const versions = ['0.9.0', '1.0.0', '1.2.0', '1.2.3', '1.2.9', '1.4.0', '1.4.1', '2.5.0', '3.1.0', '4.0.0-rc.1']
    const taken = (constraint: string) => versions.filter((version) => pickVersion(constraint, [version]) !== undefined)
    assert.deepEqual(taken(''), versions.slice(0, -1))
    assert.deepEqual(taken('1.2'), ['1.2.0'])
    assert.deepEqual(taken('1'), taken('1.x'))
    assert.deepEqual(taken('~1.2.3'), ['1.2.3', '1.2.9'])
    assert.deepEqual(taken('^1.2.3'), ['1.2.3', '1.2.9', '1.4.0', '1.4.1'])
    assert.deepEqual(taken('>=1.2, <3.0.0'), ['1.2.0', '1.2.3', '1.2.9', '1.4.0', '1.4.1', '2.5.0'])
    assert.ok(taken('<3').includes('3.1.0'))
    assert.deepEqual(taken('1.2 - 1.4'), ['1.2.0', '1.2.3', '1.2.9', '1.4.0'])
    assert.ok(taken('>=1.0.0-0').includes('4.0.0-rc.1'))
  })
})
