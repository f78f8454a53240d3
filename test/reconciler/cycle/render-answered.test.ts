import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { systemClock } from '../../../reconciler/clock.ts'
import { renderAnswered } from '../../../reconciler/cycle/render-answered.ts'
import { createMemo } from '../../../render/memo.ts'
import { createFleetReader } from '../../../repo-layout/read/reader.ts'
import { clusters, documents, federated, fleet, memoryTree } from '../../render/helper.ts'
import { applicationDocument, clusterDocument } from '../../render/shipper/written.ts'
import { chartWorld } from '../charts/world.ts'

describe('a render that needs charts', () => {
  const world = chartWorld()
  after(() => world.clean())

  it('waits only so long for a server that does not answer, renders the rest, and has the answer the next time', async () => {
    let asked: (response: ServerResponse) => void = () => {}
    const request = new Promise<ServerResponse>((resolve) => {
      asked = resolve
    })
    const server = await world.serve((_request, response) => asked(response))
    const application = applicationDocument('web').replace('https://charts.example.com', server.url)
    const config = federated('ConfigMap', 'other', {
      placement: { clusterSelector: {} },
      template: { data: { a: 'b' } },
    })
    const { source } = await createFleetReader().read(
      memoryTree({
        'flotilla.yaml': fleet,
        'clusters.yaml': `${clusterDocument({ name: 'c1' })}---\n${clusters(['c2'])}`,
        'web.yaml': application,
        'config.yaml': config,
      }),
    )
    assert.ok(source)
    const view = world.engine().at({ charts: { mirrors: [], timeout: '30s' } })
    const input = { source, previous: undefined, observations: { clusters: {} } }
    const patience = { clock: systemClock, ms: 50 }
    const memo = createMemo()

    const first = await renderAnswered(input, memo, view, patience)
    assert.deepEqual(
      first.needs.map(({ type }) => type),
      ['resolve'],
    )
    assert.ok(first.files.has('clusters/c1/shop/ConfigMap/other.yaml'), documents([...first.files.keys()]))

    const response = await request
    response.writeHead(404).end()
    const second = await renderAnswered(input, memo, view)
    assert.deepEqual(second.needs, [])
    assert.match(second.messages.map(({ text }) => text).join('\n'), /ChartVersionResolutionFailed/)
  })
})
