import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { wordOf } from '../../reconciler/views/plan-groups.ts'
import { flotilla, root } from '../reconciler/commands/cli.ts'
import { needs, withFleet } from '../reconciler/daemon/harness.ts'
import { describeMembers } from '../testbed/members.ts'

const page = readFileSync(join(root, 'docs/plan.md'), 'utf8')
const [shown = '', closing = ''] = [...page.matchAll(/^```text\n([\s\S]*?)^```$/gm)].map(([, text]) => text)
const article = readFileSync(join(root, 'examples/article/workloads/federated-deployment.yaml'), 'utf8')

/** What differs from run to run: commits and times. */
function plain(text: string): string {
  return text.replace(/\b[0-9a-f]{7}\b/g, 'COMMIT').replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME')
}

describeMembers('the page about plans', needs, () => {
  it('shows what the command prints for the article moved to another cluster', () =>
    withFleet({ clusters: ['cluster1', 'cluster2', 'cluster3'] }, async (fleet) => {
      const text = article.replace('namespace: test-namespace', `namespace: ${fleet.ns}`)
      fleet.people.write('web.yaml', text)
      await fleet.push('Federate the deployment')
      await (await fleet.start()).applied()
      fleet.people.write('web.yaml', text.replace('- cluster1', '- cluster3'))
      const { folder } = fleet.people
      const options = ['--repo', fleet.url, '--dir', join(fleet.folder, 'clone-of-page'), '--source', folder]
      const { code, stdout, stderr } = await flotilla(['plan', ...options, '--exit-code'])
      const named = stdout
        .replaceAll(fleet.ns, 'shop')
        .replace(folder, 'FOLDER')
        .replace(/ {2,}(?=cluster)/g, '   ')
      assert.equal(plain(named), plain(shown.replace(/ {2,}(?=cluster)/g, '   ')))
      assert.equal(stderr, closing)
      assert.equal(code, 3)
    }))
})

describe('the table of words of the page about plans', () => {
  it('has every word that a plan uses, and no other', () => {
    const words = [...page.matchAll(/^\| `([a-z ]+)` \|/gm)].map(([, word]) => word)
    const actions = ['created', 'configured', 'pruned', 'failed'] as const
    const hows = [
      'adopted',
      'released',
      'replaced',
      'healed',
      'reported',
      'left alone',
      'left out',
      'kept',
      'held back',
    ] as const
    const used = [...actions.map((action) => ({ action })), ...hows.map((how) => ({ action: 'skipped', how }) as const)]
    const all = [...used, { action: 'skipped', how: 'suspended' } as const].map((one) =>
      wordOf({ subject: '', source: '', why: '', fields: [], ...one }),
    )
    assert.deepEqual([...new Set(all)].sort(), words.sort())
  })
})
