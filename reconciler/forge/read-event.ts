import type { WebhookRequest } from './event.ts'
import { giteaEvents } from './gitea/events.ts'
import { githubEvents } from './github/events.ts'
import { gitlabEvents } from './gitlab/events.ts'
import type { ForgeEvent } from './types.ts'

/** What a webhook request of any forge is about; undefined where it names no forge, as one of a script. */
export function readEvent(request: WebhookRequest): ForgeEvent | undefined {
  // Gitea comes first: it names GitHub's headers, too.
  return giteaEvents(request) ?? githubEvents(request) ?? gitlabEvents(request)
}
