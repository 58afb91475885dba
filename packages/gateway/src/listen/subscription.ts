import type { Client, ConsumerRecord, RecordReader } from '@millrace/client'
import type { Positions } from '../records/positions.ts'
import { recordBytes } from './feed-entry.ts'
import { encodeFrame, type FrameFormat } from './frame.ts'
import type { FeedCursor, FeedListener, TopicFeed } from './topic-feed.ts'

/** Where the records of a subscription go. */
export interface RecordSink {
  /** How many records it takes now: 0 until it has credit, and room for what is on its way. */
  readonly credit: number
  /** Sends a whole message. Asks for nothing more before it returns. */
  send(message: Buffer, recordCount: number): void
  onSubscriptionFailed(topic: string, error: unknown): void
}

/** What a subscription is made of. */
export interface SubscriptionOptions {
  readonly client: Client
  readonly feed: TopicFeed
  readonly positions: Positions
  readonly format: FrameFormat
  readonly sink: RecordSink
  readonly maxRecordsPerFrame: number
  readonly maxFrameBytes: number
  readonly readAheadBytes: number
}

/**
 * One listener of one topic. While its position lies in the feed's window it takes the shared frames; otherwise it reads
 * by itself, no faster than it is given credit, until it has caught up. So who is slow slows nobody else, and costs
 * no more memory than one reader.
 */
export class Subscription implements FeedListener {
  readonly #options: SubscriptionOptions
  /** The next entry of the feed, and the place in it; null while this listener is behind. */
  #cursor: FeedCursor | null = null
  #reader: RecordReader | null = null
  #pending: readonly ConsumerRecord[] = []
  #isPumping = false
  #isPumpAsked = false
  #isClosed = false

  constructor(options: SubscriptionOptions) {
    this.#options = options
    options.feed.add(this)
  }

  get topic(): string {
    return this.#options.feed.topic
  }

  /** The next offset of every partition. */
  get positions(): ReadonlyMap<number, number> {
    return this.#options.positions
  }

  /** Whether it takes the shared frames. */
  get isLive(): boolean {
    return this.#cursor !== null
  }

  onEntry(): void {
    if (this.#cursor !== null) this.pump()
  }

  onFeedFailed(error: unknown): void {
    if (!this.#isClosed) this.#options.sink.onSubscriptionFailed(this.#options.feed.topic, error)
  }

  /** There may be credit: sends what it allows. */
  pump(): void {
    if (this.#isClosed) return
    this.#isPumpAsked = this.#isPumping
    if (this.#isPumping) return
    try {
      // What is shared is sent at once: a promise for each of a thousand listeners would cost a tenth of each frame.
      if (this.#sendShared()) this.#catchUp()
    } catch (error) {
      this.onFeedFailed(error)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#options.feed.remove(this)
    this.#leaveReader()
  }

  /** Sends what the feed has; true when the next records are not in it, and have to be read. */
  #sendShared(): boolean {
    const { feed, sink } = this.#options
    while (!this.#isClosed && sink.credit > 0) {
      if (this.#cursor === null && this.#pending.length === 0) {
        this.#cursor = feed.join(this.positions)
        if (this.#cursor !== null) this.#leaveReader()
      }
      if (this.#cursor === null) return true
      if (!this.#sendLive(this.#cursor)) {
        feed.want()
        return false
      }
    }
    return false
  }

  /** Reads by itself until the feed has what comes next, or there is no credit. */
  #catchUp(): void {
    this.#isPumping = true
    const read = async (): Promise<void> => {
      do await this.#sendBehind()
      while (this.#sendShared())
    }
    void read()
      .catch((error: unknown) => this.onFeedFailed(error))
      .then(() => {
        this.#isPumping = false
        // What came while the last one was on its way back found it busy: nobody asks a second time.
        if (this.#isPumpAsked) this.pump()
      })
  }

  /** Sends from the feed; false when there is nothing new in it. */
  #sendLive(cursor: FeedCursor): boolean {
    const { feed, format, positions, sink } = this.#options
    const entry = feed.entry(cursor.sequence)
    if (entry === undefined) {
      if (cursor.sequence >= feed.nextSequence) return false
      this.#cursor = null
      return true
    }
    const { credit } = sink
    if (cursor.index === 0 && entry.records.length <= credit && hasNone(positions, entry.first)) {
      for (const [partition, offset] of entry.next) positions.set(partition, offset)
      cursor.sequence++
      sink.send(entry.encoded(format), entry.records.length)
      return true
    }
    const wanted: ConsumerRecord[] = []
    while (cursor.index < entry.records.length && wanted.length < credit) {
      const record = entry.records[cursor.index++]
      if (record !== undefined && record.offset >= (positions.get(record.partition) ?? 0)) wanted.push(record)
    }
    if (cursor.index >= entry.records.length) {
      cursor.sequence++
      cursor.index = 0
    }
    this.#send(wanted)
    return true
  }

  async #sendBehind(): Promise<void> {
    const { client, feed, positions, readAheadBytes, sink } = this.#options
    if (this.#pending.length === 0) {
      this.#reader ??= client.read(feed.topic, {
        from: { offsets: Object.fromEntries(positions) },
        partitions: [...positions.keys()],
        follow: true,
        readAheadBytes,
      })
      this.#pending = (await this.#reader.nextBatch()) ?? []
    }
    const count = frameLength(this.#pending, sink.credit, this.#options)
    const wanted = this.#pending.slice(0, count)
    this.#pending = this.#pending.slice(count)
    if (!this.#isClosed) this.#send(wanted)
  }

  #send(records: readonly ConsumerRecord[]): void {
    if (records.length === 0) return
    const { feed, format, positions, sink } = this.#options
    for (const { partition, offset } of records) positions.set(partition, offset + 1)
    sink.send(encodeFrame(format, feed.topic, records), records.length)
  }

  #leaveReader(): void {
    void this.#reader?.close()
    this.#reader = null
    this.#pending = []
  }
}

/** Whether these positions lie at or before the first records of an entry. */
function hasNone(positions: ReadonlyMap<number, number>, first: ReadonlyMap<number, number>): boolean {
  for (const [partition, offset] of first) if ((positions.get(partition) ?? 0) > offset) return false
  return true
}

/** How many records go into one frame: as many as there is credit for, and one at least. */
function frameLength(
  records: readonly ConsumerRecord[],
  credit: number,
  { maxFrameBytes, maxRecordsPerFrame }: SubscriptionOptions,
): number {
  const most = Math.min(credit, maxRecordsPerFrame, records.length)
  let bytes = 0
  for (let count = 0; count < most; count++) {
    const record = records[count]
    bytes += record === undefined ? 0 : recordBytes(record)
    if (bytes >= maxFrameBytes) return count + 1
  }
  return most
}
