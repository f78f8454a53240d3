import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { getIn, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { configMap, deployment, yaml } from '../reconciler/daemon/documents.ts'
import { eventually } from '../reconciler/daemon/harness.ts'
import { pathOf } from '../reconciler/daemon/members.ts'
import { type GiteaFleet, needs, startGiteaFleet } from '../reconciler/forge/gitea-fleet.ts'
import type { ForgeDaemon } from '../story/daemon.ts'
import { describeReal } from '../testbed/binaries.ts'
import { programArgs } from '../testbed/program.ts'

const run = promisify(execFile)
const page = readFileSync(join(import.meta.dirname, '../../docs/rollback.md'), 'utf8')

/** The blocks of one language on the page. */
function blocks(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text)
}

/** A pull request as Gitea shows it. */
interface ShownPull {
  readonly number: number
  readonly title: string
  readonly body: string
  readonly url: string
  readonly state: string
  readonly branch: string
  readonly merged: string | undefined
}

const patience = 90_000
const everywhere = { everywhere: true } as const

/** Each test goes on where the one before has ended. */
describeReal('taking a change back as its page has it, on a real Gitea', needs, function () {
  this.bail(true)
  this.timeout(240_000)
  let fleet: GiteaFleet
  let daemon: ForgeDaemon
  let changed = ''

  const settings = (action?: string): JsonObject => {
    const [text = ''] = blocks('yaml')
    const spec = getIn(parse(text), ['spec', 'onFailure']) as JsonObject
    assert.deepEqual(spec, { action: 'OpenRevert', after: '10m' })
    // Nobody wants to wait for so long.
    return { sync: { timeout: '10s' }, onFailure: { ...spec, after: '2s', ...(action ? { action } : {}) } }
  }
  const write = (value: string, ...more: readonly JsonObject[]) =>
    fleet.people.write('objects.yaml', yaml(configMap(fleet.ns, 'web', { value }, everywhere), ...more))

  before(async () => {
    fleet = await startGiteaFleet(settings())
    write('0')
    const first = await fleet.push('Say 0')
    daemon = await fleet.start()
    await reported(first, 'success')
    write('1')
    changed = await fleet.push('Say 1')
    await reported(changed, 'success')
  })
  after(() => fleet?.stop())

  function reported(commit: string, state: string): Promise<unknown> {
    let seen: unknown
    return eventually(
      async () => {
        const statuses = await fleet.forge.statuses(commit)
        seen = statuses
        return ['flotilla', 'flotilla/c1', 'flotilla/c2'].every(
          (context) => statuses.find((one) => one.context === context)?.state === state,
        )
      },
      `${commit} is reported as ${state}`,
      { limit: patience, explain: () => `${JSON.stringify(seen, null, 1)}\n${daemon.explain()}` },
    )
  }

  async function pulls(): Promise<readonly ShownPull[]> {
    const all = (await fleet.forge.ask('jo', 'GET', `${fleet.forge.root}/pulls?state=all`)) as Json[]
    return all.map((one) => {
      const text = (...path: string[]) => String(getIn(one, path) ?? '')
      const merged = getIn(one, ['merge_commit_sha'])
      return {
        ...{ number: Number(text('number')), title: text('title'), body: text('body'), url: text('html_url') },
        ...{ state: text('state'), branch: text('head', 'ref') },
        merged: getIn(one, ['merged']) === true ? String(merged) : undefined,
      }
    })
  }

  async function pullOf(commit: string, is: (pull: ShownPull) => boolean, what: string): Promise<ShownPull> {
    const branch = `flotilla/revert-${commit.slice(0, 12)}`
    return eventually(
      async () => (await pulls()).find((one) => one.branch === branch && is(one)),
      `the revert of ${commit} ${what}`,
      { limit: patience, explain: daemon.explain },
    )
  }

  async function merge({ number }: ShownPull): Promise<string> {
    // Gitea looks for conflicts first, and refuses until it has.
    await eventually(
      async () =>
        (await fleet.forge.tryAs('jo', 'POST', `${fleet.forge.root}/pulls/${number}/merge`, { Do: 'merge' })).status <
        300,
      'it is merged',
      { limit: patience },
    )
    await fleet.people.git('pull', '--quiet', '--no-rebase')
    return fleet.people.git('rev-parse', 'HEAD')
  }

  async function values(): Promise<readonly unknown[]> {
    return Promise.all(fleet.members.map((one) => one.value(pathOf.configMap(fleet.ns, 'web'), ['data', 'value'])))
  }

  it('prepares the revert and opens the pull request, and the merge of it brings all back', async () => {
    const { forge, ns } = fleet
    const [example = ''] = blocks('sh')
    const command = [process.execPath, ...programArgs()].map((word) => `'${word}'`).join(' ')
    const script = example
      .replaceAll('https://git.example.com/platform/fleet.git', forge.repo)
      .replaceAll('4f2a91c', changed.slice(0, 7))
      .replaceAll('shop/web', `${ns}/web`)
    assert.equal(script.split('\n').filter((line) => line.startsWith('flotilla rollback ')).length, 2)
    const env = { ...process.env, FLOTILLA_GIT_TOKEN: forge.token }
    const shell = ['-euc', `flotilla() { ${command} "$@"; }\n${script}`]
    const { stdout, stderr } = await run('bash', shell, { env })

    const pull = await pullOf(changed, ({ state }) => state === 'open', 'is open')
    assert.equal(pull.title, 'Revert "Say 1"')
    assert.match(pull.body, new RegExp(`takes back ${changed} \\(Say 1\\)`))
    const [url, ...patch] = stdout.split('\n')
    assert.equal(url, pull.url)
    assert.match(patch.join('\n'), /^--- a\/objects\.yaml\n[\s\S]*^-.*1.*\n\+.*0/m)
    assert.match(stderr, /not written: branch flotilla\/revert-/)
    const merged = await merge(pull)
    await reported(merged, 'success')
    assert.deepEqual(await values(), ['0', '0'])
  })

  it('opens the revert of a commit that has failed, once, with the evidence; after its merge all is well', async () => {
    write('0', deployment(fleet.ns, 'never-ready', 1, everywhere))
    const bad = await fleet.push('Run what never gets ready')
    const pull = await pullOf(bad, ({ state }) => state === 'open', 'is open')
    await reported(bad, 'failure')
    assert.equal(pull.title, 'Revert "Run what never gets ready"')
    assert.match(pull.body, new RegExp(`^Commit ${bad} was not applied and healthy within 10s\\.`))
    for (const cluster of ['c1', 'c2'])
      assert.match(
        pull.body,
        new RegExp(`\\| \`${cluster}\` \\| \`Deployment.apps/${fleet.ns}/never-ready\` \\| \`[^\`]+\` \\|`),
      )

    // A daemon that is started anew finds it failed as well, and finds the pull request.
    await daemon.process.kill()
    daemon = await fleet.start()
    await eventually(() => daemon.log().some(({ url }) => url === pull.url), 'the new daemon knows the pull request', {
      limit: patience,
      explain: daemon.explain,
    })
    assert.equal((await pulls()).filter(({ branch }) => branch === pull.branch).length, 1)

    const merged = await merge(pull)
    await reported(merged, 'success')
    await reported(bad, 'failure')
    for (const member of fleet.members)
      assert.equal(await member.live(pathOf.deployment(fleet.ns, 'never-ready')), undefined)
  })

  it('merges it with MergeRevert', async () => {
    fleet.writeFleet(settings('MergeRevert'))
    write('0', deployment(fleet.ns, 'never-ready-either', 1, everywhere))
    const bad = await fleet.push('Run another')
    const { merged = '' } = await pullOf(bad, (one) => one.merged !== undefined, 'is merged')
    await reported(merged, 'success')
  })
})
