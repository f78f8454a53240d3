import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../reconciler/clock.ts'
import { observationsSchema } from '../../repo-layout/observations.ts'
import { type FakeDaemon, startFakeDaemon } from '../reconciler/server/fake-daemon.ts'
import { clusterOf, fleetOf, now, objectOf, scaled } from '../reconciler/views/fleet.ts'

const path = join(import.meta.dirname, '../../docs/http-api.md')
const page = readFileSync(path, 'utf8')
const token = 'a-webhook-token'

const web = objectOf('Deployment.apps/shop/web', { drift: scaled({ healed: 3, healedAt: '2026-11-24T14:01:58.000Z' }) })
const eu = clusterOf('eu-1', 'eu-west', { sync: 'drifted', applied: 2, total: 2, message: '2/2 applied' })
const us = clusterOf('us-1', 'us-east')
const fleet = fleetOf([{ ...eu, objects: [objectOf('ConfigMap/shop/flags'), web] }, us], {
  sync: 'drifted',
  messages: [
    {
      path: 'workloads/web.yaml',
      line: 31,
      column: 7,
      severity: 'warning',
      code: 'cluster-unknown',
      text: 'there is no cluster "eu-9"; did you mean "eu-1"?',
    },
  ],
})
const observations = observationsSchema.parse({
  clusters: {
    'eu-1': {
      reachable: true,
      kubernetesVersion: 'v1.35.4',
      workloads: {
        'Deployment.apps/shop/web': { replicas: 5, readyReplicas: 3, runningPods: 3, unschedulablePods: 2 },
      },
    },
    'us-1': { reachable: 'unknown' },
  },
})

/** One request of the page with what the page says of the answer. */
interface Documented {
  readonly line: string
  readonly language: string
  readonly status: number
  readonly answer: string
}

const documented: readonly Documented[] = [
  ...page.matchAll(/```sh\n(curl .*)\n```\n\n```(\w+) (\d+)\n([\s\S]*?)\n```/g),
].map(([, line = '', language = '', status = '', answer = '']) => ({ line, language, status: Number(status), answer }))

/** Sends what a line with `curl` says; options of curl that are not used on the page are not known here. */
async function send(daemon: FakeDaemon, line: string): Promise<{ readonly status: number; readonly text: string }> {
  const [, method = 'GET'] = / -X (\w+)/.exec(line) ?? []
  const headers = [...line.matchAll(/ -H "([^:]+): ([^"]+)"/g)].map(([, name = '', value = '']): [string, string] => [
    name,
    value.replace('$FLOTILLA_WEBHOOK_TOKEN', token),
  ])
  const [, at = ''] = /"\$DAEMON([^"]*)"/.exec(line) ?? []
  const [, body] = / -d '([^']+)'/.exec(line) ?? []
  const abort = new AbortController()
  const sent = { method, headers, signal: abort.signal, ...(body === undefined ? {} : { body }) }
  const answer = await fetch(`${daemon.url}${at}`, sent)
  if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) {
    return { status: answer.status, text: await answer.text() }
  }
  let text = ''
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString('utf8')
    if (text.includes('\n\n')) break
  }
  abort.abort()
  return { status: answer.status, text }
}

describe('the page about the HTTP API', () => {
  let daemon: FakeDaemon
  before(async () => {
    const clock: Clock = { now: () => now, after: () => ({ cancel() {} }) }
    const diffs = [
      { cluster: 'eu-1', drifts: [scaled()], problem: '' },
      { cluster: 'us-1', drifts: [], problem: 'the cluster cannot be reached' },
    ]
    const pause = {
      subject: 'Deployment.apps/shop/web',
      until: '2026-11-24T16:02:00.000Z',
      reason: 'INC-42',
      by: 'ann@desk (127.0.0.1)',
      at: '2026-11-24T14:02:00.000Z',
    }
    const done = () => ({ type: 'done', cluster: 'eu-1', pause }) as const
    const { subject, reason, fields } = scaled()
    const entries = [{ subject, at: '2026-11-24T14:01:58.000Z', times: 3, reason, fields }]
    daemon = await startFakeDaemon(fleet, {
      ...{ webhookToken: token, clock, diffs, observations, onPause: done, onResume: done },
      histories: [{ cluster: 'eu-1', entries, problem: '' }],
    })
  })
  after(() => daemon.close())

  it('has an example of every path below /api/ and of the webhook', async () => {
    const { error } = (await (await fetch(`${daemon.url}/nothing`)).json()) as { error: string }
    const paths = (error.split('; there is ')[1] ?? '').split(', ')
    assert.ok(paths.length >= 8, error)
    for (const one of paths) {
      assert.ok(page.includes(`${one}\``), `${one} is in the table`)
      if (one.startsWith('/api/') || one === '/webhook')
        assert.ok(
          documented.some(({ line }) => line.includes(`$DAEMON${one}`)),
          `${one} has an example`,
        )
    }
  })

  for (const { line, language, status, answer } of documented) {
    it(`is right about ${line}`, async () => {
      const real = await send(daemon, line)
      assert.equal(real.status, status)
      if (language === 'text') {
        const [start = ''] = answer.split('"fleet":"shop",…')
        assert.ok(real.text.startsWith(start), real.text)
        return
      }
      const shown = JSON.stringify(JSON.parse(real.text), null, 2)
      if (process.env.FLOTILLA_GOLDEN === 'write') {
        const text = readFileSync(path, 'utf8')
        const at = text.indexOf(`\n\n\`\`\`json ${status}\n`, text.indexOf(line))
        const end = text.indexOf('\n```', at + 4)
        writeFileSync(path, `${text.slice(0, at)}\n\n\`\`\`json ${status}\n${shown}${text.slice(end)}`)
        return
      }
      assert.equal(answer, shown)
    })
  }
})
