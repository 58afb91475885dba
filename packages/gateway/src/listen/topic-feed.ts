import type { Client, ConsumerRecord, RecordReader } from '@millrace/client'
import type { GatewaySettings } from '../gateway-options.ts'
import type { Positions } from '../records/positions.ts'
import type { Timer } from '../time/clock.ts'
import { FeedEntry, recordBytes } from './feed-entry.ts'

/** Who listens to a feed. */
export interface FeedListener {
  /** There is an entry more. */
  onEntry(): void
  /** The feed is over. */
  onFeedFailed(error: unknown): void
}

/** A place in a feed: an entry by its sequence, and a record in it. */
export interface FeedCursor {
  sequence: number
  index: number
}

/** Who is so many records ahead of a feed that others have held back does not wait until it gets there. */
const JUMP_RECORDS = 10_000

/**
 * The newest records of one topic, read once for all who listen: gathered into an entry every few milliseconds, and kept
 * within a window for those who are a little late. Who falls behind the window reads by itself, and joins again.
 *
 * It reads on only while somebody has taken all that it has, and wants more: a topic that gets a million records a second
 * costs nothing for listeners who take a hundred.
 */
export class TopicFeed {
  readonly topic: string
  readonly #client: Client
  readonly #settings: GatewaySettings
  readonly #listeners = new Set<FeedListener>()
  #entries: FeedEntry[] = []
  #firstSequence = 0
  #windowBytes = 0
  /** Behind the last entry. */
  readonly #head: Positions
  #reader: RecordReader
  #gathered: ConsumerRecord[] = []
  #gatheredBytes = 0
  #timer: Timer | null = null
  #publishedMs: number
  /** How long all listeners took for the last entry. */
  #handOutMs = 0
  #isWanted = false
  #isClosed = false
  #wake: () => void = () => {}

  /** Reads from the positions given, which are the topic's end. */
  constructor(client: Client, topic: string, ends: ReadonlyMap<number, number>, settings: GatewaySettings) {
    this.topic = topic
    this.#client = client
    this.#settings = settings
    this.#head = new Map(ends)
    this.#publishedMs = settings.clock.nowMs()
    this.#reader = this.#openReader()
    void this.#run()
  }

  /** The sequence that the next entry will have. */
  get nextSequence(): number {
    return this.#firstSequence + this.#entries.length
  }

  /** Undefined when it is not there yet, or not any more. */
  entry(sequence: number): FeedEntry | undefined {
    return this.#entries[sequence - this.#firstSequence]
  }

  /**
   * Where a listener with these positions takes the shared entries from; null when the window does not have everything
   * behind them.
   */
  join(positions: ReadonlyMap<number, number>): FeedCursor | null {
    const start = this.#entries[0]?.start ?? this.#head
    for (const [partition, offset] of start) {
      if ((positions.get(partition) ?? 0) < offset) return null
    }
    let lead = 0
    for (const [partition, offset] of this.#head) {
      lead += Math.max(0, (positions.get(partition) ?? 0) - offset)
    }
    if (lead > JUMP_RECORDS) this.#jumpTo(positions)
    return { sequence: this.#firstSequence, index: 0 }
  }

  /** A listener has taken everything: the feed reads on. */
  want(): void {
    if (this.#isWanted) return
    this.#isWanted = true
    this.#wake()
  }

  add(listener: FeedListener): void {
    this.#listeners.add(listener)
  }

  remove(listener: FeedListener): void {
    this.#listeners.delete(listener)
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#listeners.clear()
    void this.#reader.close()
    this.#wake()
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      if (!this.#isWanted) await new Promise<void>((resolve) => (this.#wake = resolve))
      const reader = this.#reader
      try {
        const batch = await reader.nextBatch()
        // After a jump what was on its way belongs to nobody here.
        if (reader !== this.#reader) continue
        if (batch === null) return
        for (const record of batch) this.#gather(record)
      } catch (error) {
        if (reader !== this.#reader) continue
        for (const listener of [...this.#listeners]) listener.onFeedFailed(error)
        return
      }
    }
  }

  #openReader(): RecordReader {
    return this.#client.read(this.topic, {
      from: { offsets: Object.fromEntries(this.#head) },
      partitions: [...this.#head.keys()],
      follow: true,
      readAheadBytes: this.#settings.limits.readAheadBytes,
    })
  }

  /** Goes on further ahead. Listeners that were still here find a hole, and read by themselves until they catch up. */
  #jumpTo(positions: ReadonlyMap<number, number>): void {
    void this.#reader.close()
    this.#timer?.cancel()
    this.#timer = null
    this.#gathered = []
    this.#gatheredBytes = 0
    this.#firstSequence = this.nextSequence + 1
    this.#entries = []
    this.#windowBytes = 0
    for (const partition of this.#head.keys()) {
      this.#head.set(partition, positions.get(partition) ?? this.#head.get(partition) ?? 0)
    }
    this.#reader = this.#openReader()
    for (const listener of [...this.#listeners]) listener.onEntry()
  }

  #gather(record: ConsumerRecord): void {
    const { clock, limits } = this.#settings
    this.#gathered.push(record)
    this.#gatheredBytes += recordBytes(record)
    const isFull =
      this.#gathered.length >= limits.maxRecordsPerFrame || this.#gatheredBytes >= limits.maxFrameBytes
    if (isFull) this.#publish()
    else this.#timer ??= clock.after(this.#gatherMs, () => this.#publish())
  }

  /** Counted from the last frame: a record that comes after a pause has been waited for already. */
  get #gatherMs(): number {
    const frameMs = this.#frameMs
    const sinceMs = this.#settings.clock.nowMs() - this.#publishedMs
    return Math.min(frameMs, Math.max(0, frameMs - sinceMs))
  }

  get #frameMs(): number {
    const { frameMs, gatherPerHandOut, maxFrameMs } = this.#settings.limits
    return Math.min(maxFrameMs, Math.max(frameMs, gatherPerHandOut * this.#handOutMs))
  }

  #publish(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#publishedMs = this.#settings.clock.nowMs()
    // Whoever takes the entry wants the next one.
    this.#isWanted = false
    const entry = new FeedEntry(this.topic, this.#gathered, new Map(this.#head))
    this.#gathered = []
    this.#gatheredBytes = 0
    for (const [partition, offset] of entry.next) this.#head.set(partition, offset)
    this.#entries.push(entry)
    this.#windowBytes += entry.sizeBytes
    while (this.#windowBytes > this.#settings.limits.feedWindowBytes && this.#entries.length > 1) {
      this.#windowBytes -= this.#entries.shift()?.sizeBytes ?? 0
      this.#firstSequence++
    }
    for (const listener of [...this.#listeners]) listener.onEntry()
    this.#handOutMs = this.#settings.clock.nowMs() - this.#publishedMs
  }
}
