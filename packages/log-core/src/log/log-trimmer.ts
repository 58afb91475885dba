import type { LogConfig } from '../log-config.ts'
import type { SegmentIndexes } from '../segment/segment-indexes.ts'
import type { EpochCheckpoint } from './epoch-checkpoint.ts'
import type { GroupCommit } from './group-commit.ts'
import type { LogEnvironment, LogIdentity } from './log-environment.ts'
import { mustRemoveOldest, type SegmentAge } from './retention.ts'
import type { SegmentList } from './segment-list.ts'
import { removeSegments } from './segment-removal.ts'

const DONE = Promise.resolve()

/** The beginning of a log: where it is, and how it moves. One move at a time. */
export class LogTrimmer {
  readonly #environment: LogEnvironment
  readonly #identity: LogIdentity
  readonly #segments: SegmentList
  readonly #indexes: SegmentIndexes
  readonly #checkpoint: EpochCheckpoint
  readonly #commit: GroupCommit
  #logStartOffset: number
  /** Behind `logStartOffset` while a move is on its way, and after one that failed. */
  #durableStartOffset: number
  #turn: Promise<unknown> = DONE

  constructor(
    environment: LogEnvironment,
    identity: LogIdentity,
    parts: {
      segments: SegmentList
      indexes: SegmentIndexes
      checkpoint: EpochCheckpoint
      commit: GroupCommit
      logStartOffset: number
    },
  ) {
    this.#environment = environment
    this.#identity = identity
    this.#segments = parts.segments
    this.#indexes = parts.indexes
    this.#checkpoint = parts.checkpoint
    this.#commit = parts.commit
    this.#logStartOffset = parts.logStartOffset
    this.#durableStartOffset = parts.logStartOffset
  }

  get logStartOffset(): number {
    return this.#logStartOffset
  }

  /** Nothing before `offset` is told any more, durably so when it resolves; whole segments before it are removed. */
  moveStart(offset: number, config: LogConfig): Promise<void> {
    this.#logStartOffset = Math.max(this.#logStartOffset, offset)
    return this.#inTurn(async () => {
      if (offset <= this.#durableStartOffset) return
      await this.#makeStartDurable()
      await this.#removeBefore(offset, config)
    })
  }

  /** Removes what is too old or too much; returns how many segments that were. */
  applyRetention(log: { config: LogConfig; highWatermark: number; nowMs: number }): Promise<number> {
    return this.#inTurn(async () => {
      const endOffset = await this.#endOfWhatMustGo(log)
      if (endOffset === null) return 0
      this.#logStartOffset = Math.max(this.#logStartOffset, endOffset)
      if (endOffset > this.#durableStartOffset) await this.#makeStartDurable()
      return this.#removeBefore(endOffset, log.config)
    })
  }

  /** Runs when nothing else changes the list of sealed segments. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(work)
  }

  /** Waits for the moves that are under way. */
  async settled(): Promise<void> {
    await this.#turn
  }

  /** The oldest are asked first, and no further than to one that stays: the age of a segment lies in its seal, a file. */
  async #endOfWhatMustGo(log: {
    config: LogConfig
    highWatermark: number
    nowMs: number
  }): Promise<number | null> {
    const logStartOffset = this.#logStartOffset
    let { sizeBytes } = this.#segments
    let endOffset: number | null = null
    for (let index = 0; index < this.#segments.count; index++) {
      const oldest = await this.#ageOf(index, log.nowMs)
      if (!mustRemoveOldest(oldest, { ...log, logStartOffset, sizeBytes })) break
      sizeBytes -= oldest.sizeBytes
      endOffset = oldest.endOffset
    }
    return endOffset
  }

  async #ageOf(index: number, nowMs: number): Promise<SegmentAge> {
    const segment = this.#segments.at(index)
    const endOffset = this.#segments.endOffsetOf(index)
    if (segment === undefined) return { sizeBytes: 0, latestMs: nowMs, endOffset }
    const { maxTimestampMs } = await this.#indexes.times(segment)
    // Records without times, from a very old client: the time of sealing stands in, and an active segment is new.
    const latestMs = maxTimestampMs >= 0 ? maxTimestampMs : (this.#indexes.seal(segment)?.sealedAtMs ?? nowMs)
    return { sizeBytes: segment.sizeBytes, latestMs, endOffset }
  }

  /** The mark of a log carries its beginning. */
  async #makeStartDurable(): Promise<void> {
    const { topicId, partition } = this.#identity
    const { marks } = this.#environment
    const logStartOffset = this.#logStartOffset
    // Were the records before the start lost with the power, the log would end before it begins.
    if (this.#commit.syncedEnd.nextOffset < logStartOffset) await this.#commit.flush()
    const end = this.#commit.syncedEnd
    marks.record({
      topicId,
      partition,
      leaderEpoch: this.#checkpoint.epochs.latest,
      logStartOffset,
      ...end,
    })
    await marks.durable()
    this.#durableStartOffset = logStartOffset
  }

  async #removeBefore(offset: number, config: LogConfig): Promise<number> {
    if (this.#segments.active.nextOffset <= offset) await this.#commit.roll()
    let count = 0
    while (count < this.#segments.sealed.length && this.#segments.endOffsetOf(count) <= offset) count++
    if (count === 0) return 0
    const removed = this.#segments.removeFirst(count)
    await removeSegments(this.#environment, removed, config.fileDeleteDelayMs)
    // Not further: a second move may be on its way, and a crash would leave the log without the epochs between.
    this.#checkpoint.epochs.truncateBefore(this.#durableStartOffset)
    await this.#checkpoint.write()
    const { topic, partition } = this.#identity
    const fields = { topic, partition, logStartOffset: this.#logStartOffset, segments: count }
    this.#environment.logger.info(fields, 'removed old segments')
    return count
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
  }
}
