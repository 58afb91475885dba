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

/**
 * The newest records of one topic, read once for all who listen: gathered for some milliseconds into an entry, and kept
 * within a window for those who are a little late. Who falls behind the window reads by itself, and joins again.
 */
export class TopicFeed {
  readonly topic: string
  readonly #settings: GatewaySettings
  readonly #reader: RecordReader
  readonly #listeners = new Set<FeedListener>()
  readonly #entries: FeedEntry[] = []
  #firstSequence = 0
  #windowBytes = 0
  /** Behind the last entry. */
  readonly #head: Positions
  #gathered: ConsumerRecord[] = []
  #gatheredBytes = 0
  #timer: Timer | null = null

  /** Reads from the positions given, which are the topic's end. */
  constructor(client: Client, topic: string, ends: ReadonlyMap<number, number>, settings: GatewaySettings) {
    this.topic = topic
    this.#settings = settings
    this.#head = new Map(ends)
    this.#reader = client.read(topic, {
      from: { offsets: Object.fromEntries(ends) },
      partitions: [...ends.keys()],
      follow: true,
      readAheadBytes: settings.limits.readAheadBytes,
    })
    void this.#run()
  }

  get firstSequence(): number {
    return this.#firstSequence
  }

  /** The sequence that the next entry will have. */
  get nextSequence(): number {
    return this.#firstSequence + this.#entries.length
  }

  /** Undefined when it is not there yet, or not any more. */
  entry(sequence: number): FeedEntry | undefined {
    return this.#entries[sequence - this.#firstSequence]
  }

  /** Whether the window has everything behind these positions. */
  covers(positions: ReadonlyMap<number, number>): boolean {
    const start = this.#entries[0]?.start ?? this.#head
    for (const [partition, offset] of start) {
      if ((positions.get(partition) ?? 0) < offset) return false
    }
    return true
  }

  add(listener: FeedListener): void {
    this.#listeners.add(listener)
  }

  remove(listener: FeedListener): void {
    this.#listeners.delete(listener)
  }

  close(): void {
    this.#timer?.cancel()
    this.#listeners.clear()
    void this.#reader.close()
  }

  async #run(): Promise<void> {
    try {
      for (
        let batch = await this.#reader.nextBatch();
        batch !== null;
        batch = await this.#reader.nextBatch()
      ) {
        for (const record of batch) this.#gather(record)
      }
    } catch (error) {
      for (const listener of [...this.#listeners]) listener.onFeedFailed(error)
    }
  }

  #gather(record: ConsumerRecord): void {
    const { clock, limits } = this.#settings
    this.#gathered.push(record)
    this.#gatheredBytes += recordBytes(record)
    const isFull =
      this.#gathered.length >= limits.maxRecordsPerFrame || this.#gatheredBytes >= limits.maxFrameBytes
    if (isFull) this.#publish()
    else this.#timer ??= clock.after(limits.frameMs, () => this.#publish())
  }

  #publish(): void {
    this.#timer?.cancel()
    this.#timer = null
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
  }
}
