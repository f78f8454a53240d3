import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { getIn } from '../../../repo-layout/json.ts'
import { command, nginxCharts, shipperCluster } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'

const article = readFileSync('test/fixtures/article/application.yaml', 'utf8')
const fleet = `apiVersion: flotilla.dev/v1alpha1
kind: Fleet
metadata: {name: prod}
spec: {rollouts: {checks: [{name: errors, http: {url: "http://probe.example/errors"}}]}}
`
const middle = `        - name: half
          capacity: {incumbent: 100, contender: 50}
          traffic: {incumbent: 50, contender: 50}
`

/** The article's Application with a step between its two, with these annotations. */
function application(notes: Readonly<Record<string, string>>, version = '0.0.1'): string {
  const annotations = Object.entries(notes).map(([key, value]) => `    flotilla.dev/${key}: ${value}\n`)
  const second = article.lastIndexOf('        - capacity:')
  const withStep = article.slice(0, second) + middle + article.slice(second)
  return withStep
    .replace(/^metadata:\n/m, `metadata:\n${annotations.length > 0 ? `  annotations:\n${annotations.join('')}` : ''}`)
    .replace('version: 0.0.1', `version: ${version}`)
}

const automatic = { promote: 'Automatic', soak: '10m' }

function begin(text: string, clusters = ['local-1']): Rehearsal {
  const inventory = clusters.map(shipperCluster).join('---\n')
  return rehearse({ 'flotilla.yaml': fleet, 'clusters.yaml': inventory, 'app.yaml': text }, nginxCharts())
}

function edit(rehearsal: Rehearsal, files: Readonly<Record<string, string>>): void {
  rehearsal.sources = { ...rehearsal.sources, ...files }
}

function releases(rehearsal: Rehearsal): readonly string[] {
  const found = rehearsal.paths().map((path) => /^rollouts\/[^/]+\/[^/]+\/([^/]+)\/Release\.yaml$/.exec(path)?.[1])
  return found.filter((name) => name !== undefined)
}

function targetOf(rehearsal: Rehearsal, release: string): unknown {
  return getIn(rehearsal.file(`rollouts/default/super-server/${release}/Release.yaml`), ['spec', 'targetStep'])
}

function weights(rehearsal: Rehearsal): unknown {
  const service = rehearsal.file('clusters/local-1/default/Service/nginx.yaml')
  return JSON.parse(String(getIn(service, ['metadata', 'annotations', 'flotilla.dev/traffic'])))
}

/** Rolls the first version out, edits the second in, and gives their names. */
async function secondVersion(notes: Readonly<Record<string, string>>, clusters?: string[]) {
  const rehearsal = begin(application(notes), clusters)
  await rehearsal.settle()
  const [first = ''] = releases(rehearsal)
  edit(rehearsal, { 'release.yaml': command(2, first) })
  await rehearsal.settle()
  edit(rehearsal, { 'app.yaml': application(notes, '0.0.2') })
  await rehearsal.settle()
  const second = releases(rehearsal).find((name) => name !== first) ?? assert.fail('no second release')
  return { rehearsal, first, second, key: `default/${second}` }
}

describe('an Application with flotilla.dev/promote: Automatic', () => {
  it('goes to the next step once the one it stands at has soaked, up to the last one', async () => {
    const { rehearsal, second, first, key } = await secondVersion(automatic)
    assert.equal(targetOf(rehearsal, second), 0)
    rehearsal.promotions = { [key]: { step: 0, soaked: true } }
    assert.deepEqual((await rehearsal.settle())[0], [`${second} is to go to step 1`])
    assert.deepEqual(weights(rehearsal), { [first]: 50, [second]: 50 })
    assert.equal(targetOf(rehearsal, second), 1, 'what soaked was step 0')

    rehearsal.promotions = { [key]: { step: 1, soaked: true } }
    await rehearsal.settle()
    assert.deepEqual(weights(rehearsal), { [first]: 0, [second]: 100 })
    rehearsal.promotions = { [key]: { step: 2, soaked: true } }
    assert.deepEqual(await rehearsal.settle(), [])
  })

  it('stays where its pods are not ready any more when the time is over, in any cluster', async () => {
    const { rehearsal, second, key } = await secondVersion(automatic, ['local-1', 'local-2'])
    rehearsal.promotions = { [key]: { step: 0, soaked: true } }
    rehearsal.tell = (release, cluster) =>
      release === second && cluster === 'local-2' ? { installed: true, availableReplicas: 0 } : undefined
    await rehearsal.settle()
    assert.equal(targetOf(rehearsal, second), 0)
    rehearsal.tell = () => undefined
    await rehearsal.settle()
    assert.equal(targetOf(rehearsal, second), 1)
  })

  it('asks its check too', async () => {
    const { rehearsal, second, key } = await secondVersion({ ...automatic, check: 'errors' })
    for (const checkHolds of [undefined, false]) {
      rehearsal.promotions = { [key]: { step: 0, soaked: true, checkHolds } }
      assert.deepEqual(await rehearsal.settle(), [])
    }
    rehearsal.promotions = { [key]: { step: 0, soaked: true, checkHolds: true } }
    await rehearsal.settle()
    assert.equal(targetOf(rehearsal, second), 1)
  })

  it('stays where a Release says, also at a step before, and goes on from there once that is gone', async () => {
    const { rehearsal, second, key } = await secondVersion(automatic)
    rehearsal.promotions = { [key]: { step: 0, soaked: true } }
    await rehearsal.settle()
    edit(rehearsal, { 'release.yaml': command(0, second) })
    await rehearsal.settle()
    assert.equal(targetOf(rehearsal, second), 0)
    const { 'release.yaml': _gone, ...others } = rehearsal.sources
    rehearsal.sources = others
    await rehearsal.settle()
    assert.equal(targetOf(rehearsal, second), 1)
  })

  it('does nothing by itself where it says Manual, or nothing', async () => {
    for (const notes of [{}, { promote: 'Manual' }]) {
      const { rehearsal, second, key } = await secondVersion(notes)
      rehearsal.promotions = { [key]: { step: 0, soaked: true } }
      assert.deepEqual(await rehearsal.settle(), [])
      assert.equal(targetOf(rehearsal, second), 0)
    }
  })

  it('says at its place that the Fleet has no such check, and goes no further', async () => {
    const { rehearsal, second, key } = await secondVersion({ ...automatic, check: 'latency' })
    rehearsal.promotions = { [key]: { step: 0, soaked: true, checkHolds: true } }
    await rehearsal.settle()
    assert.equal(targetOf(rehearsal, second), 0)
    assert.match(
      rehearsal.said().join('\n'),
      /^app\.yaml:\d+:\d+: error: the Fleet has no check "latency" in spec\.rollouts\.checks; it has errors; nothing goes on by itself \[annotation\]$/m,
    )
  })

  for (const [key, value] of [
    ['promote', 'automatic'],
    ['soak', '10 minutes'],
    ['step-deadline', 'never'],
  ] as const)
    it(`stays as it is, with an error at the place, where ${key} says ${value}`, async () => {
      const { rehearsal } = await secondVersion(automatic)
      edit(rehearsal, { 'app.yaml': application({ ...automatic, [key]: value }, '0.0.3') })
      assert.deepEqual(await rehearsal.settle(), [])
      const said = rehearsal.said().filter((line) => line.includes('error'))
      assert.equal(said.length, 1, said.join('\n'))
      assert.match(
        said[0] ?? '',
        /^app\.yaml:\d+:\d+: error: flotilla\.dev\/\S+: "[^"]+" means nothing; write .*\[annotation\]$/,
      )
    })
})

describe('a step that fails', () => {
  const notes = { ...automatic, 'step-deadline': '15m', check: 'errors' }

  async function failing() {
    const world = await secondVersion(notes)
    const { rehearsal, second, key } = world
    rehearsal.tell = (release) =>
      release === second
        ? { installed: true, availableReplicas: 0, trafficReady: true, message: '1 of 1 pods not ready' }
        : undefined
    edit(rehearsal, { 'release.yaml': command(1, second) })
    await rehearsal.settle()
    rehearsal.promotions = { [key]: { step: 1, deadlinePassed: true } }
    return world
  }

  it('gives the release up, says why at the Application, and the running version has everything back', async () => {
    const { rehearsal, first, second } = await failing()
    const steps = (await rehearsal.settle()).flat()
    const reason = 'local-1: 1 of 1 pods not ready; step 1 (half) does not stand within 15m'
    assert.deepEqual(steps.slice(0, 2), [`${second} has failed: ${reason}`, `Give ${second} up`])
    assert.deepEqual(releases(rehearsal), [first])
    assert.deepEqual(weights(rehearsal), { [first]: 100 })
    const said = rehearsal.said().filter((line) => line.includes('[rollout-failed]'))
    assert.equal(said.length, 1)
    assert.match(
      said[0] ?? '',
      new RegExp(
        `^app\\.yaml:\\d+:\\d+: warning: release ${second} has failed: local-1: .*; step 1 .*; ${first} runs on until the template changes`,
      ),
    )
  })

  it('is not begun again with the same template, but with another one, and after a revert', async () => {
    const { rehearsal, first, second } = await failing()
    await rehearsal.settle()
    rehearsal.tell = () => undefined
    rehearsal.promotions = {}
    assert.deepEqual(await rehearsal.settle(), [])
    edit(rehearsal, { 'app.yaml': application(notes, '0.0.3') })
    await rehearsal.settle()
    assert.equal(releases(rehearsal).length, 2)
    assert.ok(!releases(rehearsal).includes(second))
    edit(rehearsal, { 'app.yaml': application(notes) })
    await rehearsal.settle()
    assert.deepEqual(releases(rehearsal), [first])
    edit(rehearsal, { 'app.yaml': application(notes, '0.0.2') })
    await rehearsal.settle()
    assert.ok(releases(rehearsal).includes(second))
  })

  it('fails by its check, in words of the check', async () => {
    const { rehearsal, first, second, key } = await secondVersion(notes)
    rehearsal.promotions = { [key]: { step: 0, checkHolds: false, checkFailed: 'answered 503, 3 times' } }
    const steps = (await rehearsal.settle()).flat()
    assert.equal(steps[0], `${second} has failed: check errors: answered 503, 3 times`)
    assert.deepEqual(releases(rehearsal), [first])
  })

  it('fails when it has lost what it achieved for that long, and says so', async () => {
    const { rehearsal, first, second, key } = await secondVersion(notes)
    rehearsal.tell = (release) =>
      release === second
        ? { installed: true, availableReplicas: 0, trafficReady: true, message: '1 of 1 pods not ready' }
        : undefined
    assert.deepEqual(await rehearsal.settle(), [], 'a pod that comes and goes is no commit')
    rehearsal.promotions = { [key]: { step: 0, soaked: true, deadlinePassed: true, checkHolds: true } }
    const steps = (await rehearsal.settle()).flat()
    assert.equal(
      steps[0],
      `${second} has failed: local-1: 1 of 1 pods not ready; step 0 (staging) has not stood for 15m`,
    )
    assert.deepEqual(releases(rehearsal), [first])
  })

  it('does not fail by a deadline where it stands, nor where nothing is known of its clusters', async () => {
    const { rehearsal, second, key } = await secondVersion(notes)
    rehearsal.promotions = { [key]: { step: 0, deadlinePassed: true } }
    assert.deepEqual(await rehearsal.settle(), [])
    rehearsal.lost = new Set(['local-1'])
    await rehearsal.settle()
    assert.ok(releases(rehearsal).includes(second))
  })

  it('stays where there is no version to go back to, and says so', async () => {
    const rehearsal = begin(application(notes))
    rehearsal.tell = () => ({ installed: true, availableReplicas: 0 })
    await rehearsal.settle()
    const [first = ''] = releases(rehearsal)
    rehearsal.promotions = { [`default/${first}`]: { step: 0, deadlinePassed: true } }
    assert.deepEqual(await rehearsal.settle(), [])
    assert.match(rehearsal.said().join('\n'), /has failed: step 0 .* there is no version to go back to, so it stays/)
  })
})
