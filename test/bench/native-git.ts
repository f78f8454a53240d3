import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { gitEnvironment } from '../testbed/work-tree.ts'

/** Native Git doing what Flotilla does, the fastest way it knows: without a work tree. */
export interface NativeGit {
  /** Writes files upon a parent, or from nothing, and gives the commit. */
  commit(branch: string, parent: string | undefined, files: ReadonlyMap<string, string>): Promise<string>
  push(branch: string): Promise<void>
  /** Fetches a branch without its history. */
  fetch(branch: string): Promise<void>
  /** The same, and reads every file of it. */
  pullAll(branch: string): Promise<void>
  /** The text of one file as it was fetched last. */
  show(branch: string, path: string): Promise<string>
}

/** Makes an empty repository in `folder` whose remote is `url`. */
export async function nativeGit(url: string, folder: string): Promise<NativeGit> {
  mkdirSync(folder, { recursive: true })
  const git = (args: readonly string[], input: string | Buffer = '') => run(folder, args, input)
  await git(['init', '--quiet', '--bare', '--initial-branch=main', '.'])
  await git(['remote', 'add', 'origin', url])
  const fetch = async (branch: string) => {
    await git(['fetch', '--quiet', 'origin', `+refs/heads/${branch}:refs/remotes/origin/${branch}`])
  }
  return {
    async commit(branch, parent, files) {
      await git(['fast-import', '--quiet', '--done'], importOf(branch, parent, files))
      return (await git(['rev-parse', `refs/heads/${branch}`])).trim()
    },
    async push(branch) {
      await git(['push', '--quiet', 'origin', branch])
    },
    fetch,
    async pullAll(branch) {
      await fetch(branch)
      const tree = await git(['ls-tree', '-r', '--format=%(objectname)', `refs/remotes/origin/${branch}`])
      await git(['cat-file', '--batch', '--buffer'], tree)
    },
    show: (branch, path) => git(['cat-file', 'blob', `refs/remotes/origin/${branch}:${path}`]),
  }
}

function importOf(branch: string, parent: string | undefined, files: ReadonlyMap<string, string>): Buffer {
  const parts = [`commit refs/heads/${branch}\ncommitter bench <bench@flotilla.example> 1700000000 +0000\n`]
  parts.push('data 6\nChange\n', parent === undefined ? '' : `from ${parent}\n`)
  for (const [path, text] of files) parts.push(`M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n`, text, '\n')
  return Buffer.from([...parts, 'done\n'].join(''))
}

function run(folder: string, args: readonly string[], input: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd: folder, env: gitEnvironment(), stdio: ['pipe', 'pipe', 'pipe'] })
    const output: Buffer[] = []
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    // A program that fails closes its input early; what it says tells more than the broken pipe.
    child.stdin.on('error', () => undefined)
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString('utf8'))
      else reject(new Error(`git ${args[0]}: ${errors.trim()}`))
    })
    child.stdin.end(input)
  })
}
