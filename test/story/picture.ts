import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { removeAtExit } from '../testbed/processes.ts'
import { openPull, seePlan } from './chapters.ts'
import { createRecording } from './recording.ts'
import { startWorld } from './world.ts'

const run = promisify(execFile)
const picture = join(import.meta.dirname, '../../docs/images/pull-request.png')
const size = { width: 1180, height: 1310 }

/**
 * `npm run picture`: plays the story until the plan is there, and takes a picture of the pull request with the browser of this
 * machine. `FLOTILLA_GITEA_STATIC` names a folder with `templates`, `options` and `public` of the same Gitea after its
 * `make frontend`; without it, the page has no styles.
 */
async function takePicture(): Promise<void> {
  const world = await startWorld({ staticRoot: process.env.FLOTILLA_GITEA_STATIC })
  try {
    const story = createRecording()
    const pull = await openPull(world, story)
    await seePlan(world, pull, story)
    const profile = mkdtempSync(join(tmpdir(), 'flotilla-browser-'))
    removeAtExit(profile)
    const quiet = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update']
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-sync', '--hide-scrollbars', ...quiet]
    const page = [`--user-data-dir=${profile}`, `--window-size=${size.width},${size.height}`]
    // Scripts of the page that still run shift what is seen.
    const settled = ['--virtual-time-budget=5000', `--screenshot=${picture}`]
    await run('chromium', [...flags, ...page, ...settled, `${world.forge.page}/pulls/${pull.number}`])
    process.stdout.write(`${picture}\n`)
  } finally {
    await world.stop()
  }
}

// Nothing else keeps this process alive while it waits for those that it started.
const alive = setInterval(() => undefined, 60_000)
await takePicture()
clearInterval(alive)
// The control planes are shared, and end with the process.
process.exit(0)
