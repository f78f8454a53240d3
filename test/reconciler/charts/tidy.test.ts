import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createChartEngine } from '../../../reconciler/charts/engine.ts'
import { noteUse, tidy } from '../../../reconciler/charts/tidy.ts'
import { systemClock } from '../../../reconciler/clock.ts'
import { writeNginxRepository } from '../../charts/repository.ts'
import { resolve } from './world.ts'

const hour = 3_600_000
const now = Date.UTC(2026, 0, 31)
const keeping = { time: 48 * hour, size: 1000 }

describe('what is kept of charts', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-tidy-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function file(name: string, hoursAgo: number, size = 10): string {
    const path = join(folder, name)
    writeFileSync(path, 'x'.repeat(size))
    const at = (now - hoursAgo * hour) / 1000
    utimesSync(path, at, at)
    return path
  }
  const left = () => readdirSync(folder).sort()

  it('is what was used in time, files and folders alike', async () => {
    file('old.tgz', 49)
    file('new.tgz', 47)
    mkdirSync(join(folder, 'laid-out', 'templates'), { recursive: true })
    utimesSync(join(folder, 'laid-out'), now / 1000 - 200_000, now / 1000 - 200_000)
    await tidy(folder, now, keeping)
    assert.deepEqual(left(), ['new.tgz'])
  })

  it('is what fits, the last used first', async () => {
    file('a.tgz', 20, 600)
    file('b.tgz', 10, 600)
    file('c.tgz', 30, 100)
    await tidy(folder, now, keeping)
    assert.deepEqual(left(), ['b.tgz'])
  })

  it('is whatever was used within the hour, however much it is', async () => {
    file('a.tgz', 0.5, 900)
    file('b.tgz', 0.4, 900)
    await tidy(folder, now, { time: 0, size: 0 })
    assert.deepEqual(left(), ['a.tgz', 'b.tgz'])
  })

  it('is what is old and was used since', async () => {
    await noteUse(file('old.tgz', 1000), now - hour)
    await tidy(folder, now, keeping)
    assert.deepEqual(left(), ['old.tgz'])
  })

  it('is looked through by whoever looks for a chart', async () => {
    const [charts, cacheFolder] = [join(folder, 'charts'), join(folder, 'cache')]
    await writeNginxRepository(charts)
    const archive = join(cacheFolder, 'archives', `sha256-${'0'.repeat(64)}.tgz`)
    mkdirSync(dirname(archive), { recursive: true })
    writeFileSync(archive, '')
    utimesSync(archive, 0, 0)
    const engine = createChartEngine({ cacheFolder, clock: systemClock, folder: charts })
    const ref = { name: 'nginx', version: '0.0.1', repoUrl: 'https://charts.example.com' }
    assert.equal((await resolve(engine, ref))?.type, 'resolved')
    assert.equal(existsSync(archive), false)
    await engine.close()
  })

  it('is nothing where there is no folder', async () => {
    await tidy(join(folder, 'none'), now, keeping)
    await noteUse(join(folder, 'none'), now)
  })
})
