import type { Committer } from './committed-offsets.ts'

/** This member in its group, by whichever protocol the group has. */
export interface GroupSession {
  /** Empty before the first join. */
  readonly memberId: string
  /** As whom to commit now. */
  readonly committer: Committer
  /** Takes part until `stop()`; rejects with what cannot pass by itself, such as being fenced. */
  run(): Promise<void>
  /** Ends `run()` at its next step. */
  stop(): void
  /** Gives the partitions back at once. */
  leave(): Promise<void>
  /** Ends the connections. */
  close(): void
}
