import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { z } from 'zod'

const auditEntry = z.object({
  stage: z.string(),
  verb: z.string(),
  requestURI: z.string(),
  user: z.object({ username: z.string().default('') }),
  userAgent: z.string().default(''),
  objectRef: z
    .object({
      resource: z.string().optional(),
      namespace: z.string().optional(),
      name: z.string().optional(),
      apiGroup: z.string().optional(),
      apiVersion: z.string().optional(),
      subresource: z.string().optional(),
    })
    .optional(),
  responseStatus: z.object({ code: z.number().default(0) }).optional(),
  requestReceivedTimestamp: z.string(),
  stageTimestamp: z.string(),
})

/** One request as Kubernetes' audit log tells it, without the bodies. */
export type AuditEntry = Readonly<z.infer<typeof auditEntry>>

/** The entries of an audit log in its JSON form, oldest first; a line that is still being written is left out. */
export function readAuditLog(text: string): readonly AuditEntry[] {
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  return lines.filter((line) => line !== '').map((line) => auditEntry.parse(JSON.parse(line)))
}

/**
 * Reads an audit log that grows, as often as it is called: all entries so far. What was read before is kept, as the
 * log of a control plane that many suites share takes seconds to read anew.
 */
export function auditLogReader(path: string): () => readonly AuditEntry[] {
  const entries: AuditEntry[] = []
  let offset = 0
  return () => {
    const file = openSync(path, 'r')
    try {
      const more = Buffer.alloc(Math.max(0, fstatSync(file).size - offset))
      const read = more.subarray(0, readSync(file, more, 0, more.length, offset))
      const whole = read.subarray(0, read.lastIndexOf(0x0a) + 1)
      for (const entry of readAuditLog(whole.toString('utf8'))) entries.push(entry)
      offset += whole.length
    } finally {
      closeSync(file)
    }
    return [...entries]
  }
}
