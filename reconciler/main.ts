#!/usr/bin/env node
import { run } from './commands/program.ts'

// Who reads our output may have read enough (`| head`); a shell calls that 128 + SIGPIPE.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(141)
    throw error
  })
}

process.exitCode = await run(process.argv)
