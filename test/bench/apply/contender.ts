import type { Usage } from '../usage.ts'
import type { Versions } from './objects.ts'

/** One who keeps clusters as Git says; the benchmark does the same to each. Times are milliseconds since the epoch. */
export interface Contender {
  readonly name: 'flotilla' | 'flux'
  /** The user that it talks to the member clusters as. */
  readonly user: string
  /**
   * Publishes what the clusters should run and tells the contender so, as a webhook would. Gives the time at which it
   * was told: what comes before, such as writing files and pushing them, is not counted.
   */
  publish(versions: Versions): Promise<number>
  /** Has it look at everything again though nothing changed, as it does by itself in intervals. Gives the time. */
  lookAgain(): Promise<number>
  /** Resolves when it says itself that all clusters run what was published last. */
  settled(): Promise<void>
  /** Ends it and starts it anew; gives the time of the start. */
  restart(): Promise<number>
  /** What its process has used since it was started; undefined where the system cannot tell. */
  usage(): Usage | undefined
  stop(): Promise<void>
}
