import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { decideAdoption } from '../../reconciler/member/adopt.ts'
import { connect } from '../../reconciler/member/connect.ts'
import { ignoredPaths } from '../../reconciler/member/ignore.ts'
import { managedBy } from '../../reconciler/member/marks.ts'
import { parseEntries } from '../../reconciler/member/shards.ts'
import { worstFirst } from '../../reconciler/views/state.ts'
import type { KubeObject } from '../../repo-layout/json.ts'
import { annotations } from '../../repo-layout/schema/common.ts'
import { fleetSchema } from '../../repo-layout/schema/fleet.ts'
import { standingClock } from '../clocks.ts'
import { json, withServer } from '../reconciler/member/fake-server.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/member-clusters.md'), 'utf8')

/** A section by its heading. */
function section(heading: string): string {
  const found = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  assert(found, `no section ${heading}`)
  return found
}

function block(heading: string, language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(section(heading))?.[1]
  assert(found, `no ${language} in ${heading}`)
  return found
}

/** The cells of a section's table, without its head. */
function rows(heading: string): string[][] {
  return [...section(heading).matchAll(/^\| (.*) \|$/gm)].slice(1).map(([, row = '']) => row.split(' | '))
}

describe('docs/member-clusters.md', () => {
  it('shows an inventory as it is read', () => {
    const [entry] = parseEntries(block('What it leaves there', 'json'))
    assert.equal(entry?.subject, 'Deployment.apps/shop/web')
  })

  it('shows a Secret whose credential goes to its own server alone', () =>
    withServer(
      (_request, response) => json(response, {}),
      async (server) => {
        const { stringData } = parse(block('How it gets in', 'yaml'))
        assert.deepEqual(Object.keys(stringData), ['server', 'token', 'ca.crt'])
        const connection = { type: 'shipper', apiMaster: server.url, secretName: 'eu-1' } as const
        const cluster = { name: 'eu-1', connection, proxyURL: '', serviceAccountName: '' }
        const transport = connect(cluster, { clock: standingClock(), readSecret: async () => stringData })
        await assert.rejects(transport.request('GET', '/version'), /is for https:\/\/eu-1\.example\.com:6443/)
        await transport.close()
        assert.equal(server.connections(), 0)
      },
    ))

  it('says what becomes of an object that is there, in every case of its table', async () => {
    const object = (k: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', namespace: 'shop' },
      data: { k },
    })
    const fields = { 'f:data': { 'f:k': {} } }
    const answer = (k: string) => ({
      ...object(k),
      metadata: {
        ...object(k).metadata,
        managedFields: [{ manager: 'flotilla', operation: 'Apply', apiVersion: 'v1', fieldsV1: fields }],
      },
    })
    const owner = { fleetName: 'prod', fleetUid: 'u' }
    const table = rows('When an object is there already').slice(0, 3)
    for (const [mode = '', ...cells] of table)
      for (const [index, live] of ['git', 'other'].entries()) {
        const rules = { mode: /`(\w+)`/.exec(mode)?.[1] as 'Never', onObject: undefined }
        const decision = await decideAdoption(
          object(live),
          object('git'),
          'ConfigMap/shop/c',
          owner,
          rules,
          async () => answer('git') as KubeObject,
        )
        const says = cells[index]?.startsWith('left alone') ? 'leave' : 'adopt'
        assert.equal(decision.type, says, `${mode}, ${live}`)
      }
  })

  it('shows rules that the Fleet takes, and a pointer that the annotation takes', () => {
    const fleet = fleetSchema.parse(parse(block('Drift', 'yaml')))
    assert.deepEqual(fleet.spec.ignoreDifferences[0]?.managedFieldsManagers, ['image-updater'])
    const [, name = '', value = ''] = /`(flotilla\.dev\/ignore-differences): ([^`]+)`/.exec(section('Drift')) ?? []
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', annotations: { [name]: value } },
      spec: { replicas: 1 },
      data: { x: '1' },
    }
    assert.deepEqual(
      ignoredPaths(object, []).map(({ path }) => path),
      [
        ['spec', 'replicas'],
        ['data', 'x'],
      ],
    )
  })

  it('names the marks of other tools as they are told, and managers that the Fleet takes', () => {
    for (const [tool = '', text = ''] of rows('When an object is there already').slice(4, 8)) {
      const keys = [...text.matchAll(/`([\w.-]+\/[\w-]+)(?:: "?(\w+)"?)?`/g)]
      assert(keys.length > 0, tool)
      for (const [, key = '', value = 'x'] of keys) {
        const managedFields = [{ manager: 'argocd-controller', operation: 'Update', fieldsV1: {} }]
        const found = ['labels', 'annotations'].map((map) =>
          managedBy({ metadata: { [map]: { [key]: value }, managedFields } }),
        )
        assert.deepEqual(
          found.filter((one) => one !== undefined),
          [tool],
          key,
        )
      }
    }
    const fleet = fleetSchema.parse(parse(block('When an object is there already', 'yaml')))
    assert.deepEqual(fleet.spec.sync.overrideManagers, ['deploy-script', 'node-fetch'])
  })

  it('names every annotation and every state', () => {
    const { id: _id, fleetUid: _uid, ...read } = annotations
    const named = rows('Annotations').map(([cell = '']) => /flotilla\.dev\/[\w-]+/.exec(cell)?.[0])
    assert.deepEqual(named.filter((one) => one !== undefined).sort(), Object.values(read).sort())
    const states = rows('States of a cluster').map(([cell = '']) => cell.replaceAll('`', ''))
    assert.deepEqual(states.sort(), [...worstFirst].sort())
  })
})
