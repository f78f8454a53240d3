import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below the range that systems take outgoing connections from: a server that is down for a while finds its port again.
// Each lane of `npm test` has ports of its own, as one lane cannot know which ones another keeps for a server that is
// down; there is room for fifteen.
const lane = Number(process.env.FLOTILLA_TEST_LANE ?? 0)
const perLane = 800
const lowest = 20_000 + lane * perLane
const highest = lowest + perLane
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
