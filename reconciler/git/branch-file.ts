import { blobOid } from '../../repo-layout/generated/oid.ts'
import type { BranchFile } from './types.ts'

/** A text as a file of a commit, readable and not executable unless another `mode` is given. */
export function branchFile(text: string, mode = '100644'): BranchFile {
  return { oid: blobOid(text), mode, content: Buffer.from(text) }
}
