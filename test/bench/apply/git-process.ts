import { startGitServer } from '../../testbed/git-server.ts'

// Started by git-remote.ts: a Git server in a process of its own, with one repository, until it is ended.
const server = await startGitServer()
process.stdout.write(`${server.createRepo('fleet')}\n`)
setInterval(() => undefined, 60_000)
