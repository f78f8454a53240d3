import type { DaemonOptions } from '../../../reconciler/daemon.ts'

const nothing = () => undefined

/** The metrics of a daemon that nobody reads. */
export const uncounted: DaemonOptions['metrics'] = {
  syncEnded: nothing,
  fetchEnded: nothing,
  renderEnded: nothing,
  messages: nothing,
  generatedCommit: nothing,
}
