import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { getIn, type Json, type JsonPath } from '../../../repo-layout/json.ts'
import { fleet, type Sources } from '../helper.ts'
import { command, nginxCharts, shipperCluster } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'
import { releasesOf } from './written.ts'

const application = readFileSync('test/fixtures/article/application.yaml', 'utf8')
const first = 'super-server-71fd5980-0'
const second = 'super-server-3acd4093-0'
const edited = application.replace('version: 0.0.1', 'version: 0.0.2')

function begin(more: Sources = {}, charts = nginxCharts()): Rehearsal {
  return rehearse(
    { 'flotilla.yaml': fleet, 'clusters.yaml': shipperCluster('local-1'), 'app.yaml': application, ...more },
    charts,
  )
}

/** A fleet in which the first version is rolled out. */
async function rolledOut(more: Sources = {}, charts = nginxCharts()): Promise<Rehearsal> {
  const rehearsal = begin({ 'release.yaml': command(1, first), ...more }, charts)
  await rehearsal.settle()
  return rehearsal
}

function replicas(rehearsal: Rehearsal, release: string): Json | undefined {
  return valueIn(rehearsal, `Deployment.apps/${release}-nginx.yaml`, ['spec', 'replicas'])
}

function weights(rehearsal: Rehearsal): unknown {
  return JSON.parse(
    String(valueIn(rehearsal, 'Service/nginx.yaml', ['metadata', 'annotations', 'flotilla.dev/traffic'])),
  )
}

function selector(rehearsal: Rehearsal): Json | undefined {
  return valueIn(rehearsal, 'Service/nginx.yaml', ['spec', 'selector'])
}

function valueIn(rehearsal: Rehearsal, path: string, at: JsonPath): Json | undefined {
  return getIn(rehearsal.file(`clusters/local-1/default/${path}`), at)
}

function state(rehearsal: Rehearsal, release: string): Json | undefined {
  const status = rehearsal.file(`rollouts/default/super-server/${release}/Release.yaml`)?.status
  return getIn(status, ['strategy', 'state', 'waitingForCommand'])
}

describe("the article's Application", () => {
  it('runs one pod without traffic at "staging", and waits for the command', async () => {
    const rehearsal = begin()
    assert.deepEqual(await rehearsal.settle(), [
      [`Begin ${first} in local-1`],
      [`Move capacity of ${first} to 1 % in local-1`],
      [`${first} has achieved step 0 (staging)`],
    ])
    assert.equal(replicas(rehearsal, first), 1)
    assert.deepEqual(weights(rehearsal), { [first]: 0 })
    assert.equal(state(rehearsal, first), 'True')
    assert.deepEqual(rehearsal.said(), [])
  })

  for (const [how, step] of [
    ['number', 1],
    ['name', 'full on'],
  ] as const) {
    it(`runs all pods with all traffic once a Release says the step by ${how}`, async () => {
      const rehearsal = begin()
      await rehearsal.settle()
      rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command(step, first) }
      assert.deepEqual(await rehearsal.settle(), [
        [`Move capacity of ${first} to 100 % in local-1`, `${first} is to go to step 1`],
        [`Move traffic of ${first} to weight 100 in local-1`],
        [`${first} has achieved step 1 (full on)`],
      ])
      assert.equal(replicas(rehearsal, first), 3)
      assert.deepEqual(weights(rehearsal), { [first]: 100 })
    })
  }

  it('has the Service select the release itself while it holds all traffic, and labelled pods before', async () => {
    const rehearsal = begin()
    await rehearsal.settle()
    const labelled = { app: 'nginx', 'shipper-app': 'super-server', 'shipper-traffic-status': 'enabled' }
    assert.deepEqual(selector(rehearsal), labelled)

    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command(1, first) }
    await rehearsal.settle()
    const alone = { app: 'nginx', 'shipper-app': 'super-server', 'shipper-release': first }
    assert.deepEqual(selector(rehearsal), alone)

    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': edited }
    await rehearsal.settle()
    assert.deepEqual(selector(rehearsal), alone, 'a contender without traffic changes nothing')
  })
})

describe('a second version', () => {
  it('gets its capacity and traffic before the first one loses any', async () => {
    const rehearsal = await rolledOut({ 'app.yaml': application })
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': edited, 'release.yaml': command(1, second) }
    assert.deepEqual(await rehearsal.settle(), [
      [`Begin ${second} in local-1`],
      [`Move capacity of ${second} to 100 % in local-1`, `${second} is to go to step 1`].slice(0, 1),
      [`Move traffic of ${second} to weight 100 in local-1`],
      [`Move traffic of ${first} to weight 0 in local-1`],
      [`Move capacity of ${first} to 0 % in local-1`],
      [`${second} has achieved step 1 (full on)`],
    ])
    assert.deepEqual([replicas(rehearsal, first), replicas(rehearsal, second)], [0, 3])
  })

  it('waits as long as its pods are not ready, and the first one keeps everything', async () => {
    const rehearsal = await rolledOut()
    rehearsal.tell = (release) => (release === second ? { installed: true, availableReplicas: 0 } : undefined)
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': edited, 'release.yaml': command(1, second) }
    await rehearsal.settle()
    assert.deepEqual([replicas(rehearsal, first), replicas(rehearsal, second)], [3, 3])
    assert.deepEqual(weights(rehearsal), { [first]: 100, [second]: 0 })
  })

  it('is given up by a revert: the first one has everything back before it goes', async () => {
    const strategy = application.replace(/contender: 100\n(\s+)incumbent: 0/g, 'contender: 50\n$1incumbent: 50')
    const three = `${strategy.trimEnd()}\n`
    const rehearsal = begin({ 'app.yaml': three })
    await rehearsal.settle()
    const [running = ''] = releases(rehearsal)
    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command(1, running) }
    await rehearsal.settle()
    const next = three.replace('version: 0.0.1', 'version: 0.0.2')
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': next }
    await rehearsal.settle()
    const contender = releases(rehearsal).find((name) => name !== running) ?? ''
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': three }
    const steps = (await rehearsal.settle()).flat()
    assert.ok(steps.includes(`Remove ${contender}`), steps.join('\n'))
    assert.deepEqual(releases(rehearsal), [running])
    assert.deepEqual(
      rehearsal.paths().filter((path) => path.includes(contender)),
      [],
    )
  })
})

function releases(rehearsal: Rehearsal): readonly string[] {
  const found = rehearsal.paths().map((path) => /^rollouts\/[^/]+\/[^/]+\/([^/]+)\/Release\.yaml$/.exec(path)?.[1])
  return found.filter((name) => name !== undefined)
}

describe('a Release in the source', () => {
  it('takes the step back when it is reverted', async () => {
    const vanguard = begin()
    await vanguard.settle()
    vanguard.tell = () => ({ installed: true, availableReplicas: 1, trafficReady: false })
    vanguard.sources = { ...vanguard.sources, 'release.yaml': command(1, first) }
    await vanguard.settle()
    assert.equal(replicas(vanguard, first), 3)
    const { 'release.yaml': _gone, ...others } = vanguard.sources
    vanguard.sources = others
    vanguard.tell = () => undefined
    await vanguard.settle()
    assert.equal(replicas(vanguard, first), 1)
  })

  it('leaves a release that is complete where it is when it is tidied away', async () => {
    const rehearsal = await rolledOut()
    const { 'release.yaml': _gone, ...others } = rehearsal.sources
    rehearsal.sources = others
    assert.deepEqual(await rehearsal.settle(), [])
    assert.equal(replicas(rehearsal, first), 3)
  })

  it('that asks for a step which is not there is an error at its place, and nothing moves', async () => {
    const rehearsal = begin({ 'release.yaml': command(7, first) })
    await rehearsal.settle()
    assert.equal(replicas(rehearsal, first), 1)
    assert.deepEqual(rehearsal.said(), [
      `release.yaml:4:20: error: no step 7 in strategy for Release "default/${first}"; its steps are 0 (staging), 1 (full on); the release stays where it is [schema]`,
    ])
  })

  it('of a release that is not the newest is said to have no effect', async () => {
    const rehearsal = await rolledOut()
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': edited }
    await rehearsal.settle()
    assert.deepEqual(rehearsal.said(), [
      `release.yaml:3:18: warning: this is not the newest release, so its targetStep has no effect; the newest of super-server is ${second} [release-idle]`,
    ])
  })
})

describe('what a rollout did', () => {
  it('stands in the subject of every commit, what it waits for too', async () => {
    const rehearsal = begin()
    const known = { installed: true, availableReplicas: 0, trafficReady: false }
    const said: string[] = []
    for (let i = 0, isSlow = true, before = ''; i < 40; i++, isSlow = !isSlow) {
      rehearsal.tell = () => (isSlow ? known : undefined)
      const { steps } = await rehearsal.turn()
      const now = JSON.stringify([...rehearsal.texts()])
      if (now !== before) assert.notEqual(steps.length, 0, `after ${said.join(', ')}`)
      said.push(...steps)
      before = now
      if (i === 20) rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command(1, first) }
    }
    for (const part of ['Begin', 'waits for its capacity', 'achieved step 0', 'achieved step 1'])
      assert.ok(
        said.some((step) => step.includes(part)),
        `${part} in ${said.join(', ')}`,
      )
  })
})

describe('what stays as it is', () => {
  const block = `apiVersion: shipper.booking.com/v1alpha1
kind: RolloutBlock
metadata: {name: freeze, namespace: default}
spec: {message: Black Friday, author: {type: user, name: jane}}
`
  const everywhere = block.replace('namespace: default', 'namespace: rollout-blocks-global')

  for (const [where, text, name] of [
    ['its namespace', block, 'default/freeze'],
    ['every namespace', everywhere, 'rollout-blocks-global/freeze'],
  ] as const) {
    it(`is an application with a RolloutBlock of ${where}`, async () => {
      const rehearsal = await rolledOut({ 'block.yaml': text })
      assert.deepEqual(releases(rehearsal), [])
      const { 'block.yaml': _gone, ...others } = rehearsal.sources
      rehearsal.sources = others
      await rehearsal.settle()
      rehearsal.sources = { ...others, 'app.yaml': edited, 'block.yaml': text }
      assert.deepEqual(await rehearsal.settle(), [])
      assert.deepEqual(rehearsal.said(), [
        `app.yaml:4:9: warning: rollout block(s) with name(s) "${name}" exist: Black Friday; this application stays as it is [rollout-blocked]`,
      ])
    })
  }

  it('is an application whose document is gone while a block is there', async () => {
    const rehearsal = await rolledOut()
    const { 'app.yaml': _gone, ...others } = rehearsal.sources
    rehearsal.sources = { ...others, 'block.yaml': block }
    assert.deepEqual(await rehearsal.settle(), [])
    assert.equal(replicas(rehearsal, first), 3)
    rehearsal.sources = others
    assert.deepEqual(await rehearsal.settle(), [['Remove super-server']])
    assert.deepEqual(rehearsal.paths(), ['decisions/clusters/local-1.yaml'])
  })

  it('is not an application that overrides the block, but one that overrides a block which is not there', async () => {
    const overriding = (name: string) =>
      application.replace(
        'name: super-server',
        `name: super-server\n  annotations: {shipper.booking.com/rollout-block.override: ${name}}`,
      )
    const rehearsal = begin({ 'block.yaml': block, 'app.yaml': overriding('default/freeze') })
    await rehearsal.settle()
    assert.deepEqual(releases(rehearsal), [first])
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': overriding('default/gone') }
    await rehearsal.settle()
    assert.match(rehearsal.said().join('\n'), /rollout block with name "default\/gone" does not exist/)
  })

  for (const [what, text] of [
    ['is in error', application.replace('contender: 1\n', 'contender: 101\n')],
    ['cannot be parsed', `${application}\n  : [`],
    ['lost its name', application.replace('name: super-server', 'labels: {}')],
    ['has a misspelt kind', application.replace('kind: Application', 'kind: Aplication')],
    ['is written twice', `${application}---\n${application}`],
  ] as const) {
    it(`is an application whose document ${what}`, async () => {
      const rehearsal = await rolledOut()
      rehearsal.sources = { ...rehearsal.sources, 'app.yaml': text }
      assert.deepEqual(await rehearsal.settle(), [])
      assert.equal(replicas(rehearsal, first), 3)
      assert.ok(
        rehearsal.said().some((line) => line.includes('error')),
        rehearsal.said().join('\n'),
      )
    })
  }

  it('is an application that runs and of which the records are lost', async () => {
    const rehearsal = await rolledOut()
    rehearsal.lose((path) => path.startsWith('rollouts/'))
    assert.deepEqual(await rehearsal.settle(), [])
    assert.equal(replicas(rehearsal, first), 3)
    assert.match(
      rehearsal.said().join('\n'),
      /app\.yaml:4:9: error: clusters\/local-1\/.*no record of its release.*\[previous\]/,
    )
  })

  it('is an application that runs a release of which alone the records are lost, whatever others there are', async () => {
    const rehearsal = await rolledOut()
    await rehearsal.settle()
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': application.replace('replicaCount: 3', 'replicaCount: 4') }
    await rehearsal.settle()
    const second = releasesOf(rehearsal).at(-1) ?? ''
    assert.notEqual(second, first)
    const before = rehearsal.paths().filter((path) => path.startsWith('clusters/'))
    rehearsal.lose((path) => path.startsWith('rollouts/') && path.includes(second))
    assert.deepEqual(await rehearsal.settle(), [])
    assert.deepEqual(
      rehearsal.paths().filter((path) => path.startsWith('clusters/')),
      before,
    )
    assert.match(
      rehearsal.said().join('\n'),
      new RegExp(`error: clusters/local-1/.*${second}.*no record of its release`),
    )
  })

  it('is a version whose chart cannot be found, and the running one goes on', async () => {
    const rehearsal = await rolledOut()
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': application.replace('0.0.1', '9.9.9') }
    assert.deepEqual(await rehearsal.settle(), [])
    assert.equal(replicas(rehearsal, first), 3)
    assert.match(rehearsal.said().join('\n'), /no chart version 9.9.9 found \(ChartVersionResolutionFailed\) \[chart\]/)
  })

  it('is an application without any way to render charts', async () => {
    const rehearsal = rehearse(begin().sources, undefined)
    const output = await rehearsal.turn()
    assert.deepEqual(output.needs, [
      {
        type: 'resolve',
        ref: { name: 'nginx', version: '0.0.1', repoUrl: 'https://storage.googleapis.com/shipper-demo' },
      },
    ])
    assert.deepEqual(releases(rehearsal), [])
  })
})

describe('objects whose names do not vary with the release', () => {
  const config = (release: string, version: string) => [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' }, data: { version } },
    ...(version === '0.0.2'
      ? [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'new' }, data: { release } }]
      : []),
  ]
  const shared = (rehearsal: Rehearsal) => valueIn(rehearsal, 'ConfigMap/shared.yaml', ['data', 'version'])

  it('are those of the running version until the first traffic step, and then taken over whole', async () => {
    const rehearsal = await rolledOut({}, nginxCharts(config))
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': edited }
    await rehearsal.settle()
    assert.equal(shared(rehearsal), '0.0.1')
    assert.equal(valueIn(rehearsal, 'ConfigMap/new.yaml', ['data', 'release']), second, 'new names are made at once')

    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command(1, second) }
    await rehearsal.settle()
    assert.equal(shared(rehearsal), '0.0.2')
  })
})
