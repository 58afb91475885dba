import type { ConsumerRecord } from '@millrace/client'
import { formatRecord } from '../records/record-format.ts'
import { serverMessage } from './server-message.ts'

/** How records travel to a WebSocket. */
export type FrameFormat = 'json' | 'binary'

const BINARY_VERSION = 1
const NONE = -1

/** Records of one topic as one message, all of its bytes on the wire. */
export function encodeFrame(format: FrameFormat, topic: string, records: readonly ConsumerRecord[]): Buffer {
  return format === 'json'
    ? serverMessage(encodeJson(topic, records), 'text')
    : serverMessage(encodeBinary(topic, records), 'binary')
}

/** `{"type":"records","topic":...,"next":{PARTITION: OFFSET},"records":[...]}` */
function encodeJson(topic: string, records: readonly ConsumerRecord[]): Buffer {
  const next: Record<number, number> = {}
  for (const { partition, offset } of records) next[partition] = offset + 1
  const shown = records.map(formatRecord).join(',')
  const head = `{"type":"records","topic":${JSON.stringify(topic)},"next":${JSON.stringify(next)}`
  return Buffer.from(`${head},"records":[${shown}]}`)
}

/**
 * Big endian:
 *
 *     frame  = version:u8 topicLength:u16 topic recordCount:u32 record*
 *     record = partition:u32 offset:u64 timestamp:i64 bytes(key) bytes(value) headerCount:u16 header*
 *     header = keyLength:u16 key bytes(value)
 *     bytes  = length:i32 byte*          -1: null
 */
function encodeBinary(topic: string, records: readonly ConsumerRecord[]): Buffer {
  const writer = new FrameWriter()
  writer.integer(BINARY_VERSION, 1)
  writer.text(topic)
  writer.integer(records.length, 4)
  for (const { partition, offset, timestampMs, key, value, headers } of records) {
    writer.integer(partition, 4)
    writer.long(offset)
    writer.long(timestampMs)
    writer.bytes(key)
    writer.bytes(value)
    writer.integer(headers.length, 2)
    for (const header of headers) {
      writer.text(header.key)
      writer.bytes(header.value)
    }
  }
  return writer.finish()
}

class FrameWriter {
  #buffer = Buffer.allocUnsafe(4096)
  #size = 0

  integer(value: number, width: 1 | 2 | 4): void {
    this.#reserve(width)
    this.#size = this.#buffer.writeUIntBE(value, this.#size, width)
  }

  long(value: number): void {
    this.#reserve(8)
    const high = Math.floor(value / 2 ** 32)
    this.#buffer.writeInt32BE(high, this.#size)
    this.#buffer.writeUInt32BE(value - high * 2 ** 32, this.#size + 4)
    this.#size += 8
  }

  /** Kafka lets a header's key be longer than a frame can tell: nobody has one, and it is cut. */
  text(value: string): void {
    const bytes = Buffer.from(value).subarray(0, 65_535)
    this.integer(bytes.length, 2)
    this.#copy(bytes)
  }

  bytes(value: Buffer | null): void {
    this.#reserve(4)
    this.#size = this.#buffer.writeInt32BE(value === null ? NONE : value.length, this.#size)
    if (value !== null) this.#copy(value)
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#size)
  }

  #copy(bytes: Buffer): void {
    this.#reserve(bytes.length)
    bytes.copy(this.#buffer, this.#size)
    this.#size += bytes.length
  }

  #reserve(bytes: number): void {
    if (this.#size + bytes <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#size + bytes))
    this.#buffer.copy(grown, 0, 0, this.#size)
    this.#buffer = grown
  }
}
