import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { getIn, type Json } from '../../repo-layout/json.ts'
import { startTeamForge, type TeamForge, type TeamMember } from '../story/forge.ts'
import { describeReal } from '../testbed/binaries.ts'
import { createWorkTree, type WorkTree } from '../testbed/work-tree.ts'

const run = promisify(execFile)
const page = readFileSync(join(import.meta.dirname, '../../docs/branch-protection.md'), 'utf8')

/** The shell blocks of the page's section about a forge. */
function commands(section: string): readonly string[] {
  const [, text = ''] = page.split(`## ${section}\n`)
  const [own = ''] = text.split('\n## ')
  return [...own.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block)
}

describeReal('branch protection as its page has it, on a Gitea', ['gitea', 'git', 'curl'], () => {
  let forge: TeamForge
  const trees: WorkTree[] = []
  const treeOf = async (name: TeamMember) => {
    const tree = await createWorkTree(`${forge.withCredential(name)}/acme/fleet.git`)
    trees.push(tree)
    return tree
  }
  let jo: WorkTree
  let daemon: WorkTree

  before(async () => {
    forge = await startTeamForge()
    jo = await treeOf('jo')
    await jo.commit('Start the fleet')
    await jo.push()
    daemon = await treeOf('flotilla')
    await daemon.git('checkout', '--quiet', '-b', 'generated')
    await daemon.commit('Start the fleet')
    await daemon.push()
    const blocks = commands('Gitea and Forgejo')
    assert.equal(blocks.length, 2)
    const env = { ...process.env, FORGE: forge.url, REPO: 'acme/fleet', TOKEN: forge.adminToken }
    for (const block of blocks) await run('bash', ['-euc', block], { env })
  })
  after(async () => {
    for (const tree of trees) tree.dispose()
    await forge?.stop()
  })

  it('lets the daemon push the generated branch, and nobody else', async () => {
    await daemon.commit('Scale web')
    await daemon.push()
    await jo.git('fetch', '--quiet', 'origin')
    await jo.git('checkout', '--quiet', 'generated')
    await jo.commit('By hand')
    await assert.rejects(jo.push(), /protected branch/)
    await jo.git('checkout', '--quiet', 'main')
  })

  it('lets nobody rewind or delete the generated branch, the daemon neither', async () => {
    await daemon.git('commit', '--quiet', '--amend', '--allow-empty', '--message', 'Other')
    await assert.rejects(daemon.push({ force: true }), /protected branch|force push/)
    await assert.rejects(daemon.git('push', '--quiet', 'origin', ':generated'), /protected branch|delet/)
  })

  it('merges a pull request once the plan has succeeded, and not before', async () => {
    await jo.git('checkout', '--quiet', '-b', 'scale-up')
    jo.write('web.yaml', 'replicas: 5\n')
    const head = await jo.commit('Scale up')
    await jo.push()
    const request = { title: 'Scale up', head: 'scale-up', base: 'main' }
    const pull = await forge.ask('jo', 'POST', `${forge.root}/pulls`, request)
    const merge = () =>
      forge.tryAs('jo', 'POST', `${forge.root}/pulls/${getIn(pull, ['number'])}/merge`, { Do: 'merge' })
    const post = (context: string, state: string) =>
      forge.ask('flotilla', 'POST', `${forge.root}/statuses/${head}`, { context, state } satisfies Json)

    assert.equal((await merge()).status, 405, 'nothing is said yet')
    await post('flotilla/eu-1', 'success')
    assert.equal((await merge()).status, 405, 'another status is none')
    await post('flotilla/plan', 'failure')
    assert.equal((await merge()).status, 405, 'the plan has failed')
    await post('flotilla/plan', 'success')
    assert.equal((await merge()).status, 200)
  })

  it('lets a revert be pushed to main at once', async () => {
    await jo.git('checkout', '--quiet', 'main')
    await jo.git('pull', '--quiet', 'origin', 'main')
    await jo.git('revert', '--no-edit', '-m', '1', 'HEAD')
    await jo.push()
  })
})
