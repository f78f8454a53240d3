import type { History } from './history.ts'

/** How far back a client wants to read. */
export interface Depth {
  /** Commits along each line of history, from 1. */
  readonly count: number
  /** Whether they are counted from where the client's history ends now, not from what it wants. */
  readonly relative: boolean
}

/** Where a client's history is to end. */
export interface Boundary {
  /** Commits whose parents the client will not have, and had until now or did not know. */
  readonly shallow: readonly string[]
  /** Commits whose parents it will have from now on. */
  readonly unshallow: readonly string[]
  /** All commits behind which nothing is sent. */
  readonly ends: ReadonlySet<string>
}

/** What Git clients ask for when they want everything. */
const everything = 0x7fffffff

/**
 * Where the history ends for a client that has the boundary `shallows` now. Without a depth it stays as it is.
 */
export async function boundaryOf(
  history: History,
  wants: readonly string[],
  shallows: ReadonlySet<string>,
  depth: Depth | undefined,
): Promise<Boundary> {
  if (!depth) return { shallow: [], unshallow: [], ends: shallows }
  if (depth.count >= everything) return { shallow: [], unshallow: [...shallows], ends: new Set() }
  const { inside, ends } = depth.relative
    ? await within(history, await reachable(history, wants, shallows), depth.count + 1)
    : await within(history, wants, depth.count)
  const unshallow = [...shallows].filter((oid) => inside.has(oid))
  const staying = [...shallows].filter((oid) => !inside.has(oid))
  return {
    shallow: [...ends].filter((oid) => !shallows.has(oid)),
    unshallow,
    ends: new Set([...ends, ...staying]),
  }
}

/** The commits at which the client's history ends now, as far as what it wants leads there. */
async function reachable(
  history: History,
  wants: readonly string[],
  shallows: ReadonlySet<string>,
): Promise<readonly string[]> {
  const reached = await history.reach(wants, shallows)
  return [...shallows].filter((oid) => reached.has(oid))
}

/** Commits nearer than `count` steps, and those at the last step, with parents or without: so does Git itself. */
async function within(
  history: History,
  from: readonly string[],
  count: number,
): Promise<{ readonly inside: ReadonlySet<string>; readonly ends: ReadonlySet<string> }> {
  const inside = new Set<string>()
  let row = new Set(from)
  for (let step = 1; step < count && row.size > 0; step++) {
    const next = new Set<string>()
    for (const oid of row) {
      inside.add(oid)
      for (const parent of await history.parents(oid)) if (!inside.has(parent)) next.add(parent)
    }
    row = next
  }
  const ends = new Set([...row].filter((oid) => !inside.has(oid)))
  return { inside, ends }
}
