import type { Client, ConsumerRecord, ReadFrom, ReadUntil, RecordReader } from '@millrace/client'

interface Lane {
  readonly reader: RecordReader
  batch: ConsumerRecord[]
  at: number
  /** Never goes back, so that the records of a partition keep their order whatever their times are. */
  timeMs: number
}

/** A record and the moment at which it happened, as far as the order of its partition lets it be told. */
export interface TimedRecord {
  readonly record: ConsumerRecord
  readonly timeMs: number
}

/** Ahead of each partition; enough to go on while the others are waited for. */
const READ_AHEAD_BYTES = 1024 * 1024

/** Reads all partitions of a topic in the order of time: across partitions by time, within one by offset. */
export class TimeOrderedReader implements AsyncDisposable {
  readonly #lanes: Lane[]

  private constructor(lanes: Lane[]) {
    this.#lanes = lanes
  }

  static async open(
    client: Client,
    topic: string,
    options: { readonly from: ReadFrom; readonly until: ReadUntil; readonly signal: AbortSignal },
  ): Promise<TimeOrderedReader> {
    const { partitions } = await client.admin.describeTopic(topic)
    const lanes = partitions.map(({ partition }) => ({
      reader: client.read(topic, { ...options, partitions: [partition], readAheadBytes: READ_AHEAD_BYTES }),
      batch: [],
      at: 0,
      timeMs: Number.NEGATIVE_INFINITY,
    }))
    const reader = new TimeOrderedReader(lanes)
    await Promise.all(lanes.map((lane) => reader.#fill(lane)))
    return reader
  }

  /** The next record, or null at the end. */
  async next(): Promise<TimedRecord | null> {
    let earliest: Lane | null = null
    for (const lane of this.#lanes) {
      if (lane.batch.length > 0 && (earliest === null || lane.timeMs < earliest.timeMs)) earliest = lane
    }
    const record = earliest?.batch[earliest.at]
    if (earliest === null || record === undefined) return null
    const { timeMs } = earliest
    earliest.at++
    await this.#fill(earliest)
    return { record, timeMs }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#lanes.map(({ reader }) => reader.close()))
  }

  /** Has the lane stand at its next record, or be empty for good. */
  async #fill(lane: Lane): Promise<void> {
    if (lane.at >= lane.batch.length) {
      lane.batch = (await lane.reader.nextBatch()) ?? []
      lane.at = 0
    }
    const next = lane.batch[lane.at]
    if (next !== undefined) lane.timeMs = Math.max(lane.timeMs, next.timestampMs)
  }
}
