import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below the range that systems take outgoing connections from: a server that is down for a while finds its port again.
const lowest = 20_000
const highest = 32_000
const given = new Set<number>()

/** A TCP port of 127.0.0.1 that nothing listens on and that this process never gave out before. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = randomInt(lowest, highest)
    if (given.has(port)) continue
    given.add(port)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port between ${lowest} and ${highest}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
