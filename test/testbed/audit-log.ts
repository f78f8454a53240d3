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
