/** The names of our statuses under one prefix. */
export interface Contexts {
  readonly fleet: string
  cluster(name: string): string
  region(name: string): string
  /** Whether a context is one of a cluster or a region: ours, and neither the fleet's nor another part's. */
  isPart(context: string): boolean
}

/** Names below the prefix that are not those of clusters. */
const taken: ReadonlySet<string> = new Set(['plan', 'plan-approval', 'region', 'cluster'])

/** Names statuses: `flotilla`, `flotilla/<cluster>`, `flotilla/region/<region>`. Prefixes of two daemons must not nest. */
export function contextsOf(prefix: string): Contexts {
  const start = `${prefix}/`
  return {
    fleet: prefix,
    cluster: (name) => (taken.has(name) ? `${start}cluster/${name}` : start + name),
    region: (name) => `${start}region/${name.trim().replaceAll(/\s+/g, '-') || '-'}`,
    isPart(context) {
      if (!context.startsWith(start)) return false
      const rest = context.slice(start.length)
      return /^(region|cluster)\/.+$/.test(rest) || (!rest.includes('/') && !taken.has(rest))
    },
  }
}
