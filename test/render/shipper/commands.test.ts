import assert from 'node:assert/strict'
import { getIn, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import { stringifyYaml } from '../../../repo-layout/yaml/stringify.ts'
import { fleet, type Sources } from '../helper.ts'
import { nginxCharts } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'
import { applicationDocument, clusterDocument, releaseDocument, releasesOf, vanguardStrategy } from './written.ts'

async function begin(strategy: JsonObject = vanguardStrategy): Promise<Rehearsal> {
  const sources = { 'flotilla.yaml': fleet, 'clusters.yaml': clusterDocument({ name: 'c1' }) }
  const rehearsal = rehearse({ ...sources, 'web.yaml': applicationDocument('web', { strategy }) }, nginxCharts())
  await rehearsal.settle()
  return rehearsal
}

async function edit(rehearsal: Rehearsal, more: Readonly<Record<string, string | undefined>>): Promise<void> {
  const merged = Object.entries({ ...rehearsal.sources, ...more })
  rehearsal.sources = Object.fromEntries(merged.filter(([, text]) => text !== undefined)) as Sources
  await rehearsal.settle()
}

const newest = (rehearsal: Rehearsal) => releasesOf(rehearsal).at(-1) ?? ''

function record(rehearsal: Rehearsal): JsonObject {
  return rehearsal.file(`rollouts/default/web/${newest(rehearsal)}/Release.yaml`) ?? {}
}

/** A Release with anything for a target and an environment. */
function written(name: string, targetStep: Json, environment?: Json): string {
  const spec = { targetStep, ...(environment === undefined ? {} : { environment }) }
  return stringifyYaml({ apiVersion: 'shipper.booking.com/v1alpha1', kind: 'Release', metadata: { name }, spec })
}

function named(...names: readonly string[]): JsonObject {
  const steps = vanguardStrategy.steps as readonly JsonObject[]
  return { steps: names.map((name, i) => ({ ...steps[i], name })) }
}

describe('a Release in the source', () => {
  it('may carry the environment of its release, as one that was taken from Shipper does', async () => {
    const rehearsal = await begin()
    const environment = getIn(record(rehearsal), ['spec', 'environment'])
    await edit(rehearsal, { 'release.yaml': written(newest(rehearsal), 1, environment) })
    assert.equal(getIn(record(rehearsal), ['status', 'achievedStep', 'step']), 1)
    assert.deepEqual(rehearsal.said(), [])
  })

  for (const [what, change] of [
    [
      'another version of the chart',
      { chart: { name: 'nginx', version: '0.0.2', repoUrl: 'https://charts.example.com' } },
    ],
    ['something else than an environment', { chart: 'nginx' }],
  ] as const) {
    it(`cannot change its release: with ${what} it commands nothing, and says so`, async () => {
      const rehearsal = await begin()
      const environment = { ...(getIn(record(rehearsal), ['spec', 'environment']) as JsonObject), ...change }
      await edit(rehearsal, { 'release.yaml': written(newest(rehearsal), 1, environment) })
      assert.equal(getIn(record(rehearsal), ['spec', 'targetStep']), 0)
      assert.match(
        rehearsal.said().join('\n'),
        /^release\.yaml:8:(5|12): error: (this is not the environment of release web-|spec\.environment\.chart: )/,
      )
    })
  }

  for (const [what, target, steps, achieved] of [
    ['a name that only one step has', 'full on', ['staging', '50/50', 'full on'], 2],
    ['a name that two steps have', 'half', ['staging', 'half', 'half'], undefined],
    ['a number, though a step has it for a name', 2, ['2', '1', '0'], 2],
    ['a number as text, which is the name of a step', '2', ['2', '1', '0'], 0],
    ['a number as text, which is no name', '1', ['staging', 'half', 'full on'], undefined],
    ['a number beyond the last step', 3, ['staging', 'half', 'full on'], undefined],
  ] as const) {
    it(`that names its step by ${what} ${achieved === undefined ? 'is an error' : `means step ${achieved}`}`, async () => {
      const rehearsal = await begin(named(...steps))
      await edit(rehearsal, { 'release.yaml': written(newest(rehearsal), target) })
      assert.equal(getIn(record(rehearsal), ['status', 'achievedStep', 'step']), achieved ?? 0)
      const errors = rehearsal.said().filter((line) => line.includes(' error: '))
      assert.equal(errors.length, achieved === undefined ? 1 : 0, errors.join('\n'))
    })
  }

  for (const [what, change] of [
    ['is written twice', (text: string) => ({ 'release.yaml': text, 'again.yaml': text })],
    ['is in error', (text: string) => ({ 'release.yaml': text.replace('targetStep: 1', 'targetStep: -1') })],
    ['cannot be parsed', (text: string) => ({ 'release.yaml': `${text}\n  : [` })],
    ['has a misspelt kind', (text: string) => ({ 'release.yaml': text.replace('kind: Release', 'kind: Realese') })],
    ['lost its kind', (text: string) => ({ 'release.yaml': text.replace('kind: Release\n', '') })],
    ['lost its name', (text: string) => ({ 'release.yaml': text.replace(/ {2}name: .*\n/, '') })],
  ] as const) {
    it(`that ${what} takes nothing back: the release stays where it is`, async () => {
      const rehearsal = await begin()
      const text = releaseDocument(newest(rehearsal), 1)
      await edit(rehearsal, { 'release.yaml': text })
      const before = [...rehearsal.texts()].sort()
      await edit(rehearsal, change(text))
      assert.deepEqual([...rehearsal.texts()].sort(), before)
      assert.ok(rehearsal.said().some((line) => line.includes(' error: ')))
    })
  }

  it('that is left over after its release was given up says that it will command the next one of that name', async () => {
    const rehearsal = await begin()
    await edit(rehearsal, { 'release.yaml': releaseDocument(newest(rehearsal), 2) })
    await edit(rehearsal, { 'web.yaml': applicationDocument('web', { version: '0.0.2' }) })
    const second = newest(rehearsal)
    await edit(rehearsal, { 'release.yaml': releaseDocument(second, 1) })
    await edit(rehearsal, { 'web.yaml': applicationDocument('web') })
    assert.match(
      rehearsal.said().join('\n'),
      /^release\.yaml:4:9: warning: there is no such release, .*; the newest of web is web-\w+-0; take it out, for it will command the next one of that name \[release-idle\]$/,
    )
    await edit(rehearsal, { 'web.yaml': applicationDocument('web', { version: '0.0.2' }) })
    assert.equal(newest(rehearsal), second, 'the name of what was given up comes again, as in Shipper')
    assert.equal(getIn(record(rehearsal), ['spec', 'targetStep']), 1)
  })

  it('of one application is told of while the chart of another one is still looked for', async () => {
    const rehearsal = await begin()
    const charts = nginxCharts()
    const slow = rehearse(
      {
        ...rehearsal.sources,
        'other.yaml': applicationDocument('api', { namespace: 'shop', version: '9.9.9' }),
        'idle.yaml': releaseDocument('web-abc-7', 1),
        'next.yaml': releaseDocument('api-abc-0', 1, 'shop'),
      },
      { ...charts, resolve: (ref) => (ref.version === '9.9.9' ? undefined : charts.resolve(ref)) },
    )
    await slow.settle()
    assert.match(slow.said().join('\n'), /^idle\.yaml:4:9: warning: there is no such release, [^\n]*$/)
    assert.equal(releasesOf(slow).length, 1, 'it has begun meanwhile')
  })
})
