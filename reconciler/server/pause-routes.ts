import { z } from 'zod'
import { duration, milliseconds } from '../../repo-layout/schema/common.ts'
import { longestPause } from '../member/pause.ts'
import { isFromProgram, mayChange, requestHeader } from './guard.ts'
import { errorReply, jsonReply, type Reply } from './respond.ts'
import type { Call, Route } from './router.ts'
import type { DaemonApi, PauseOutcome } from './types.ts'

const resumeSchema = z.strictObject({
  cluster: z.string().min(1).max(253),
  subject: z.string().min(1).max(1000).optional(),
  by: z.string().max(200).default('somebody'),
})

const pauseSchema = resumeSchema.extend({
  for: duration
    .default('2h')
    .transform(milliseconds)
    .refine(
      (ms) => ms > 0 && ms <= longestPause,
      'a pause lasts at most 7d; what is to be left alone longer, suspend in Git',
    ),
  reason: z.string().max(500).default(''),
})

/** The paths that put pauses in force and take them back. */
export function pauseRoutes(api: DaemonApi, apiToken: string | undefined): [string, Route][] {
  const change = async <T extends { readonly by: string }>(
    { request, body }: Call,
    schema: z.ZodType<T>,
    run: (wanted: T) => Promise<PauseOutcome>,
  ): Promise<Reply> => {
    if (!isFromProgram(request))
      return errorReply(403, `set the header ${requestHeader}: 1, or send a body of type application/json`)
    if (!mayChange(request, apiToken))
      return errorReply(
        403,
        'from another machine this needs a token; set FLOTILLA_API_TOKEN for the daemon and for you',
      )
    const wanted = schema.safeParse(jsonOf(body))
    if (!wanted.success) {
      const [issue] = wanted.error.issues
      const where = issue?.path.length ? `${issue.path.join('.')}: ` : ''
      return errorReply(400, `${where}${issue?.message ?? 'the body is not what is expected'}`)
    }
    // Who asks is what they say; where from is what we see.
    const by = `${wanted.data.by} (${request.socket.remoteAddress ?? 'unknown address'})`
    const outcome = await run({ ...wanted.data, by })
    if (outcome.type === 'done') return jsonReply({ cluster: outcome.cluster, pause: outcome.pause })
    return errorReply(outcome.status, outcome.error, outcome.known ? { known: [...outcome.known] } : {})
  }
  return [
    [
      '/api/v1/pause',
      {
        POST: (call) =>
          change(call, pauseSchema, ({ for: forMs, subject, ...more }) => api.pause({ ...more, subject, forMs })),
      },
    ],
    [
      '/api/v1/resume',
      { POST: (call) => change(call, resumeSchema, ({ subject, ...more }) => api.resume({ ...more, subject })) },
    ],
  ]
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined // told apart by the schema
  }
}
