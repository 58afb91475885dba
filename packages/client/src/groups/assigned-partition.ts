import { LIMITS } from '../client-limits.ts'
import { FetchPartition } from '../consumer/fetch-partition.ts'
import { OffsetTracker } from './offset-tracker.ts'

/** A partition that this member has: where it fetches, what is in the program's hands, what may be committed. */
export class AssignedPartition {
  readonly topic: string
  readonly partition: number
  readonly fetch: FetchPartition
  readonly tracker: OffsetTracker
  /** What the broker has, -1 for nothing. */
  committedOffset: number
  /** It is being taken away: nothing more of it is handed out. */
  isLeaving = false
  readonly #lost = new AbortController()
  #onIdle: (() => void)[] = []

  constructor(topic: string, partition: number, start: number, committedOffset: number) {
    this.topic = topic
    this.partition = partition
    this.fetch = new FetchPartition(topic, partition, start)
    this.tracker = new OffsetTracker(start)
    this.committedOffset = committedOffset
  }

  /** Without a commit the group begins at 0 anyway; after one, a seek back to 0 has to be told. */
  get needsCommit(): boolean {
    return this.tracker.committable !== Math.max(this.committedOffset, 0)
  }

  /** One slow record holds back so many that nothing more is handed out until it is done. */
  get isHeldBack(): boolean {
    return this.tracker.doneBehind >= LIMITS.maxDoneBehind
  }

  /** Aborted when the partition is not this member's any more: work on its records is in vain. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  leave(): void {
    this.isLeaving = true
    this.#lost.abort()
  }

  done(offset: number): void {
    this.tracker.done(offset)
    if (this.tracker.inHand > 0) return
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  /** Resolves when nothing of it is in the program's hands. */
  whenIdle(): Promise<void> {
    if (this.tracker.inHand === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }
}
