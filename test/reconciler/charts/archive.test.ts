import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { checkArchive } from '../../../reconciler/charts/archive.ts'
import { ChartError } from '../../../reconciler/charts/error.ts'
import { maxArchiveSize, maxEntries, maxFileSize } from '../../../reconciler/charts/limits.ts'
import { createArchiveStore } from '../../../reconciler/charts/store.ts'
import { type ArchiveEntry, digestOf, nginxFolder, packArchive, packChart } from '../../charts/pack.ts'

const chart: ArchiveEntry = { name: 'web/Chart.yaml', content: 'name: web\nversion: 1.0.0\n' }

function withEntry(entry: ArchiveEntry): Promise<Uint8Array> {
  return packArchive([chart, entry])
}

interface Case {
  readonly what: string
  readonly bytes: () => Uint8Array | Promise<Uint8Array>
  readonly problem: RegExp
}

const refused: readonly Case[] = [
  {
    what: 'a symbolic link',
    bytes: () => withEntry({ name: 'web/values.yaml', header: { type: 'symlink', linkname: '/etc/passwd' } }),
    problem: /symbolic link, "web\/values.yaml"/,
  },
  {
    what: 'a hard link',
    bytes: () => withEntry({ name: 'web/values.yaml', header: { type: 'link', linkname: '/etc/passwd' } }),
    problem: /hard link, "web\/values.yaml"/,
  },
  {
    what: 'a device',
    bytes: () => withEntry({ name: 'web/null', header: { type: 'character-device' } }),
    problem: /device, "web\/null"/,
  },
  { what: 'an absolute path', bytes: () => withEntry({ name: '/etc/cron.d/x' }), problem: /absolute path/ },
  { what: 'a drive of Windows', bytes: () => withEntry({ name: 'C:/x' }), problem: /absolute path/ },
  { what: 'a path upwards', bytes: () => withEntry({ name: 'web/../../x' }), problem: /leads out of the chart/ },
  { what: 'a backslash', bytes: () => withEntry({ name: 'web\\..\\x' }), problem: /backslash/ },
  {
    what: 'two folders',
    bytes: () => withEntry({ name: 'other/Chart.yaml' }),
    problem: /one folder, not "web", "other"/,
  },
  {
    what: 'a file over the limit',
    bytes: () => withEntry({ name: 'web/large', content: Buffer.alloc(maxFileSize + 1) }),
    problem: /"web\/large", which is larger than 5 MiB/,
  },
  {
    what: 'too many files',
    bytes: () => packArchive([chart, ...Array.from({ length: maxEntries }, (_, i) => ({ name: `web/${i}` }))]),
    problem: /more than 10000 files/,
  },
  {
    what: 'a bomb: 200 KiB that unpack to more than 100 MiB',
    bytes: () => gzipSync(Buffer.alloc(101 * 1024 * 1024)),
    problem: /unpacks to more than 100 MiB/,
  },
  { what: 'an archive over the limit', bytes: () => new Uint8Array(maxArchiveSize + 1), problem: /larger than 20 MiB/ },
  { what: 'a page of a web server', bytes: () => Buffer.from('<html>'), problem: /no gzip file/ },
  { what: 'nothing', bytes: () => Buffer.alloc(0), problem: /no gzip file/ },
  { what: 'a gzip of something else', bytes: () => gzipSync('text'.repeat(1000)), problem: /no tar file/ },
  { what: 'no Chart.yaml', bytes: () => packArchive([{ name: 'web/values.yaml' }]), problem: /no chart/ },
]

describe('reading the archive of a chart', () => {
  it('takes a chart as helm and libraries pack it', async () => {
    await checkArchive((await packChart(nginxFolder)).bytes)
    await checkArchive(await packArchive([{ name: 'web/', header: { type: 'directory' } }, chart]))
  })

  for (const { what, bytes, problem } of refused)
    it(`refuses ${what}, for good`, async () => {
      await assert.rejects(checkArchive(await bytes()), (error) => {
        assert.ok(error instanceof ChartError && error.isFinal)
        assert.match(error.message, problem)
        return true
      })
    })

  it('refuses an archive that was cut off anywhere', async () => {
    const { bytes } = await packChart(nginxFolder)
    for (let length = 2; length < bytes.length; length += 97)
      await assert.rejects(checkArchive(bytes.subarray(0, length)), /damaged/, `of ${length} bytes`)
  })
})

describe('archives that are kept on disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-charts-'))
  after(() => rmSync(folder, { recursive: true }))

  it('are found by their digest, and no longer once they are damaged', async () => {
    const store = createArchiveStore(join(folder, 'archives'))
    const { bytes, digest } = await packChart(nginxFolder)
    assert.equal(await store.find(digest), undefined)
    const path = await store.keep(bytes)
    assert.equal(await store.find(digest), path)
    writeFileSync(path, 'damaged')
    assert.equal(await store.find(digest), undefined)
    assert.equal(existsSync(path), false)
    assert.equal(await store.find(digestOf(Buffer.from('other'))), undefined)
  })
})
