import { parseArgs } from 'node:util'
import { systemClock } from '../../reconciler/clock.ts'
import { processTerminal } from '../../reconciler/commands/terminal.ts'
import { isUtf8 } from '../../reconciler/views/screen.ts'
import { createShow } from './view/show.ts'

const help = `npm run demo [-- --once]

Starts three member clusters in two regions, a Git server and the daemon on this machine, and walks through what Flotilla
does: a first sync, a placement change by a commit, drift that is healed, a cluster that is lost and comes back, git
revert, and an Application of Shipper's that a fourth cluster rolls out step by step. Then it stays up, and says what to
try by hand with git and kubectl.

It needs nothing but Node and what npm ci brought; the rollout needs a helm, and is left out where there is none
(FLOTILLA_HELM, the PATH, and on Linux x64 what npm ci brought). It listens on loopback only, and leaves nothing behind.

  --once   end after the tour
  --help   print this

Exit: 0; 1 where a stage did not come about, with what was expected and seen; 2 where it could not start; 130 when
interrupted. NO_COLOR leaves colours out; without a terminal there are plain lines.
`

async function main(): Promise<number> {
  const terminal = processTerminal('auto', process.env)
  const args = readArgs(process.argv.slice(2))
  if (typeof args === 'string') {
    process.stderr.write(`demo: ${args}\n\n${help}`)
    return 2
  }
  if (args.help) {
    process.stdout.write(help)
    return 0
  }
  const enough = new AbortController()
  const onSignal = () => {
    // Who asks twice does not want to wait for the putting away.
    if (enough.signal.aborted) process.exit(130)
    enough.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  // Nobody sees any more what is shown: the terminal was closed, or the program that read it has ended.
  process.stdout.on('error', () => enough.abort())
  // A terminal that cannot move its cursor gets plain lines too.
  const canDraw = process.env.TERM !== 'dumb' && terminal.columns !== undefined
  const screen = {
    // Asked every time: a person may make the window wider or narrower.
    get columns() {
      return canDraw ? process.stdout.columns : undefined
    },
    ascii: !isUtf8(process.env),
    style: terminal.style,
  }
  const show = createShow(process.stdout, screen)
  try {
    const { stdin } = process
    const keyboard = show.live && stdin.isTTY ? stdin : undefined
    // Loading all of it takes a moment, which who asks for help need not wait for.
    const { runDemo } = await import('./demo.ts')
    const end = await runDemo({ once: args.once, show, clock: systemClock, signal: enough.signal, keyboard })
    return { done: 0, failed: 1, interrupted: 130 }[end]
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
}

function readArgs(args: readonly string[]): { readonly once: boolean; readonly help: boolean } | string {
  try {
    const options = { once: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
    const { values } = parseArgs({ args: [...args], options })
    return { once: values.once === true, help: values.help === true }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

process.exitCode = await main()
