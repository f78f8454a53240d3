import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { startGitServer as startSandboxGit } from '../../../../deploy/sandbox/git/server.ts'
import { describeReal } from '../../../testbed/binaries.ts'
import { startGitServer as startRealGit } from '../../../testbed/git-server.ts'
import { gitEnvironment } from '../../../testbed/work-tree.ts'

const run = promisify(execFile)

/** What happens between an author who pushes and a reader who fetches, cuts and deepens. */
type Step =
  | { readonly type: 'commit'; readonly file: number; readonly branch: number }
  | { readonly type: 'merge'; readonly branch: number; readonly other: number }
  | { readonly type: 'push'; readonly force: boolean }
  | { readonly type: 'fetch' }
  | { readonly type: 'depth' | 'deepen'; readonly count: number }
  | { readonly type: 'unshallow' }

const branch = fc.integer({ min: 0, max: 2 })
const count = fc.integer({ min: 1, max: 4 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('commit' as const), file: fc.integer({ min: 0, max: 3 }), branch }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('merge' as const), branch, other: branch }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('push' as const), force: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('fetch' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('depth' as const, 'deepen' as const), count }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('unshallow' as const) }) },
)

/** Does the steps against one server and notes after each what the reader has. The ids of commits depend on steps only. */
async function play(url: string, steps: readonly Step[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-test-same-'))
  const author = join(folder, 'author')
  const reader = join(folder, 'reader')
  const notes: string[] = []
  let time = 1_700_000_000
  const git = async (cwd: string, ...args: readonly string[]): Promise<string> => {
    const date = `${time++} +0000`
    const who = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@b' }
    const env = { ...gitEnvironment(), ...who, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
    try {
      const { stdout } = await run('git', args, { cwd, env })
      return stdout
    } catch (error) {
      // How a client puts a refusal into words is not compared, only that there was one.
      return `failed: ${args[0]} ${error instanceof Error ? '' : String(error)}`
    }
  }
  try {
    await run('git', ['init', '--quiet', '--initial-branch=b0', author], { env: gitEnvironment() })
    await run('git', ['init', '--quiet', '--initial-branch=b0', reader], { env: gitEnvironment() })
    for (const cwd of [author, reader]) await git(cwd, 'remote', 'add', 'origin', url)
    await git(author, 'commit', '--quiet', '--allow-empty', '--message', 'Root')
    await git(author, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main')
    const on = async (name: string) => {
      if ((await git(author, 'checkout', '--quiet', name)).startsWith('failed'))
        await git(author, 'checkout', '--quiet', '-b', name)
    }
    for (const step of steps) {
      if (step.type === 'commit') {
        await on(`b${step.branch}`)
        appendFileSync(join(author, `file-${step.file}`), `line ${time}\n`.repeat(20))
        await git(author, 'add', '--all')
        await git(author, 'commit', '--quiet', '--message', `Commit ${time}`)
      } else if (step.type === 'merge') {
        await on(`b${step.branch}`)
        await git(author, 'merge', '--quiet', '-X', 'ours', '--no-edit', `b${step.other}`)
        await git(author, 'merge', '--abort')
      } else if (step.type === 'push') {
        if (step.force) await git(author, 'reset', '--quiet', '--hard', 'HEAD~1')
        notes.push(await git(author, 'push', '--quiet', ...(step.force ? ['--force'] : []), 'origin', '--all'))
      } else {
        const options = {
          fetch: [],
          depth: ['--depth', 'count' in step ? String(step.count) : ''],
          deepen: ['--deepen', 'count' in step ? String(step.count) : ''],
          unshallow: ['--unshallow'],
        }[step.type]
        notes.push(await git(reader, 'fetch', '--quiet', ...options, 'origin'))
        const shallow = join(reader, '.git/shallow')
        const ends = existsSync(shallow) ? readFileSync(shallow, 'utf8').split('\n').sort().join(' ') : ''
        notes.push(await git(reader, 'rev-list', '--all', '--objects', '--no-object-names'))
        notes.push(`ends: ${ends}`, await git(reader, 'fsck', '--connectivity-only'))
      }
    }
    return notes.map((note) => note.split('\n').sort().join('\n'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describeReal("the sandbox's Git server beside Git's own", ['git'], () => {
  it('leaves every reader with the same objects and the same end of history, whatever was pushed and fetched', async () => {
    const [ours, real] = [await startSandboxGit(), await startRealGit()]
    let number = 0
    try {
      // More of them where somebody changes the server.
      const runs = Number(process.env.FLOTILLA_GIT_RUNS ?? '3')
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 16 }), async (steps) => {
          const name = `fleet-${number++}`
          const [seen, wanted] = await Promise.all([
            play(await ours.open(name), steps),
            play(real.createRepo(name), steps),
          ])
          assert.deepEqual(seen, wanted)
        }),
        { numRuns: runs },
      )
    } finally {
      await ours.stop()
      await real.stop()
    }
  })
})
