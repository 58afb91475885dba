import type { ConsumerRecord } from '@millrace/client'
import type { Positions } from '../records/positions.ts'
import { encodeFrame, type FrameFormat } from './frame.ts'

/** Records of one topic that were gathered for one frame, encoded once for all who want them in one format. */
export class FeedEntry {
  readonly records: readonly ConsumerRecord[]
  readonly sizeBytes: number
  /** The positions of the feed before these records. */
  readonly start: ReadonlyMap<number, number>
  /** Of each partition that has records here, the first and the next offset. */
  readonly first: Positions = new Map()
  readonly next: Positions = new Map()
  readonly #topic: string
  readonly #encoded = new Map<FrameFormat, Buffer>()

  constructor(topic: string, records: readonly ConsumerRecord[], start: ReadonlyMap<number, number>) {
    this.#topic = topic
    this.records = records
    this.start = start
    let sizeBytes = 0
    for (const record of records) {
      sizeBytes += recordBytes(record)
      if (!this.first.has(record.partition)) this.first.set(record.partition, record.offset)
      this.next.set(record.partition, record.offset + 1)
    }
    this.sizeBytes = sizeBytes
  }

  encoded(format: FrameFormat): Buffer {
    const known = this.#encoded.get(format)
    if (known !== undefined) return known
    const frame = encodeFrame(format, this.#topic, this.records)
    this.#encoded.set(format, frame)
    return frame
  }
}

/** What a record takes in memory, about. */
export function recordBytes({ key, value, headers }: ConsumerRecord): number {
  let bytes = 100 + (key?.length ?? 0) + (value?.length ?? 0)
  for (const header of headers) bytes += 50 + header.key.length + (header.value?.length ?? 0)
  return bytes
}
