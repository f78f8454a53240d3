import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { notNewFleet } from '../../../reconciler/run/new-fleet.ts'
import type { Json } from '../../../repo-layout/json.ts'
import { standingClock } from '../../clocks.ts'
import { fleet } from '../../render/helper.ts'
import { readSource } from '../cycle/support.ts'
import { json, withServer } from '../member/fake-server.ts'

const options = { clock: standingClock(), readSecret: async () => undefined }
const cluster = (name: string, spec: Json) =>
  JSON.stringify({ apiVersion: 'flotilla.dev/v1alpha1', kind: 'Cluster', metadata: { name }, spec })

describe('a fleet without a generated branch', () => {
  for (const [what, answer, expected] of [
    ['is new where its members list nothing of it', { items: [] }, undefined],
    [
      'is not new where a member runs it',
      { items: [{ metadata: { name: 'flotilla-prod-0' } }] },
      /: c1 runs this fleet/,
    ],
    ['is not taken for new where the answer is no list', {}, /: c1 cannot be asked: .* a list that cannot be read/],
  ] as const)
    it(what, () => withMember(answer, async (c1) => assertReason(await reasonOf({ 'c1.yaml': c1 }), expected)))

  it('is not taken for new where the document of a member is in error', () =>
    withMember({ items: [] }, async (c1) =>
      assertReason(
        await reasonOf({ 'c1.yaml': c1, 'c2.yaml': cluster('c2', { zones: 1 }) }),
        /: c2 cannot be asked: its document is in error; run "flotilla recover" to have it again, or start with --new-fleet$/,
      ),
    ))
})

function assertReason(reason: string | undefined, expected: RegExp | undefined): void {
  if (expected) assert.match(reason ?? '', expected)
  else assert.equal(reason, undefined)
}

async function reasonOf(files: Readonly<Record<string, string>>): Promise<string | undefined> {
  return notNewFleet(await readSource({ 'flotilla.yaml': fleet, ...files }), options)
}

/** Gives a test the document of a member that answers every request like this. */
async function withMember(answer: Json, test: (document: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-new-fleet-'))
  const path = join(folder, 'config')
  try {
    await withServer(
      (_request, response) => json(response, answer),
      async ({ url, ca }) => {
        const trusted = { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') }
        writeFileSync(
          path,
          JSON.stringify({
            ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
            clusters: [{ name: 'k', cluster: trusted }],
            users: [{ name: 'u', user: { token: 't' } }],
            contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
          }),
        )
        await test(cluster('c1', { connection: { kubeConfigFile: { path } } }))
      },
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
