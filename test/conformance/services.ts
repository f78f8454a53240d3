import assert from 'node:assert/strict'
import type { Json, JsonObject } from '../../repo-layout/json.ts'
import { service } from './objects.ts'
import { dig, freshNamespace, type GetTarget, listAt, ok, type Target } from './target.ts'

/** What a server gives to a Service and what it refuses of one. */
export function serviceCases(get: GetTarget): void {
  let target: Target
  let path: string
  before(async () => {
    target = get()
    path = `/api/v1/namespaces/${await freshNamespace(target)}/services`
  })

  const send = (method: string, at: string, body: JsonObject) => target.request(method, at, body)

  it('refuses two ports of one Service under one name or number', async () => {
    const ports = [
      { name: 'a', port: 80 },
      { name: 'a', port: 81 },
      { name: 'c', port: 80 },
    ]
    const answer = await send('POST', path, service('twice', { ports }))
    assert.equal(answer.status, 422)
    const fields = listAt(answer.body, 'details', 'causes').map((cause) => dig(cause, 'field'))
    assert.deepEqual(fields, ['spec.ports[1].name', 'spec.ports[2]'])
  })

  it('keeps the address of a Service over updates that do not name it', async () => {
    const made = ok(await send('POST', path, service('kept')), 201)
    const updated = ok(await send('PUT', `${path}/kept`, service('kept', { ports: [{ port: 81 }] })))
    assert.equal(dig(updated, 'spec', 'clusterIP'), dig(made, 'spec', 'clusterIP'))
    const moved = await send('PATCH', `${path}/kept`, { spec: { clusterIP: '10.0.0.77' } })
    assert.equal(moved.status, 422)
  })

  it('takes away what only the type before had a use for', async () => {
    const spec = { selector: { app: 'typed' }, ports: [{ port: 80 }], type: 'LoadBalancer' }
    const made = ok(await send('POST', path, { apiVersion: 'v1', kind: 'Service', metadata: { name: 't' }, spec }), 201)
    assert.equal(dig(made, 'spec', 'externalTrafficPolicy'), 'Cluster')
    const now = dig(ok(await send('PATCH', `${path}/t`, { spec: { type: 'ClusterIP' } })), 'spec') as JsonObject
    for (const field of ['externalTrafficPolicy', 'allocateLoadBalancerNodePorts']) assert.equal(now[field], undefined)
  })

  it('gives all protocols of a new Service one node port, and ports that it gets later each their own', async () => {
    const ports = ['TCP', 'UDP'].map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: 53 }))
    const nodePorts = (one: Json) => listAt(one, 'spec', 'ports').map((port) => Number(dig(port, 'nodePort')))
    const made = nodePorts(ok(await send('POST', path, service('dns', { type: 'NodePort', ports })), 201))
    assert.ok((made[0] ?? 0) > 0)
    assert.equal(made[0], made[1])

    const empty = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'late' }, spec: { clusterIP: 'None' } }
    ok(await send('POST', path, empty), 201)
    const twice = { type: 'LoadBalancer', ports: [{ port: 81 }, { port: 81 }] }
    const refused = await send('PATCH', `${path}/late`, { spec: twice })
    const fields = listAt(refused.body, 'details', 'causes').map((cause) => dig(cause, 'field'))
    assert.equal(refused.status, 422)
    assert.ok(fields.includes('spec.ports[1]') && !fields.includes('spec.ports[1].nodePort'), fields.join())
  })

  it('answers 500 to an update that gives one node port to two ports of a protocol', async () => {
    ok(await send('POST', path, service('same', { type: 'NodePort', ports: [{ port: 80 }] })), 201)
    const answer = await send('PATCH', `${path}/same`, { spec: { ports: [{ port: 80 }, { port: 80 }] } })
    assert.equal(answer.status, 500)
    assert.match(String(dig(answer.body, 'message')), /^duplicate nodePort: \{TCP \d+\}$/)
  })
}
