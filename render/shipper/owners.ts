import type { ObjectFiles } from '../files.ts'

/** Which application has which objects. Whoever has one keeps it, also from one that comes before it by name. */
export interface Owners {
  /** Gives an application those of these paths that no other one has. */
  keep(application: string, paths: Iterable<string>): void
  /** Whether another one, or something else of the fleet, has what is at a path. */
  isOthers(application: string, path: string): boolean
  /** Copies that an application may write, and of the others the first that something else of the fleet has. */
  apart(
    application: string,
    copies: readonly ObjectFiles[],
  ): { readonly free: readonly ObjectFiles[]; readonly taken: ObjectFiles | undefined }
}

/** Begins with nobody having anything; `isTaken` tells the paths that something else than an application has. */
export function createOwners(isTaken: (path: string) => boolean): Owners {
  const owners = new Map<string, string>()
  const isOthers = (application: string, path: string) => {
    const owner = owners.get(path)
    return owner === undefined ? isTaken(path) : owner !== application
  }
  return {
    keep(application, paths) {
      for (const path of paths) if (!owners.has(path)) owners.set(path, application)
    },
    isOthers,
    apart(application, copies) {
      const isFree = (copy: ObjectFiles) => !pathsOf([copy]).some((path) => isOthers(application, path))
      const taken = copies.find((copy) => !isFree(copy))
      return { free: taken ? copies.filter(isFree) : copies, taken }
    },
  }
}

/** The paths of copies in all clusters. */
export function pathsOf(copies: readonly ObjectFiles[]): readonly string[] {
  return copies.flatMap(({ byCluster }) => [...byCluster.values()].map(([path]) => path))
}
