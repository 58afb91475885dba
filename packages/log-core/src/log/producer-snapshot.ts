import { crc32c } from '@millrace/record-batch'
import { BATCHES_KEPT, type ProducerBatch, type ProducerEntry } from './producer-state.ts'

/**
 * Kafka's producer snapshot, version 1, and behind it what Kafka does not keep: all of the last five batches, since a
 * client may resend any of them after a restart. Kafka reads its own part and passes over ours.
 *
 *   snapshot := version:2 crc:4 count:4 entry* trailer
 *   entry    := producerId:8 epoch:2 lastSequence:4 lastOffset:8 offsetDelta:4 timestampMs:8 coordinatorEpoch:4
 *               currentTransactionFirstOffset:8
 *   trailer  := tag:4 (batchCount:1 batch*)*                 once for each entry, in the same order
 *   batch    := firstSequence:4 lastSequence:4 lastOffset:8 offsetDelta:4 timestampMs:8
 *
 *   crc      CRC-32C over all that follows it, the trailer included
 */
const VERSION = 1
const HEADER_BYTES = 10
const ENTRY_BYTES = 46
const BATCH_BYTES = 28
const TRAILER_TAG = 0x4d52_5042 // MRPB

/** What is known of all producers before `nextOffset`: batches that are only queued behind it are left out. */
export function encodeProducerSnapshot(entries: Iterable<ProducerEntry>, nextOffset: number): Buffer {
  const known = [...entries]
    .filter((entry) => entry.createdAtOffset < nextOffset)
    .map((entry) => ({
      entry,
      batches: entry.batches.filter((batch) => batch.lastOffset < nextOffset).slice(-BATCHES_KEPT),
    }))
  const batchCount = known.reduce((sum, { batches }) => sum + batches.length, 0)
  const bytes = Buffer.alloc(HEADER_BYTES + known.length * (ENTRY_BYTES + 1) + 4 + batchCount * BATCH_BYTES)
  bytes.writeInt16BE(VERSION, 0)
  bytes.writeInt32BE(known.length, 6)
  let at = HEADER_BYTES
  for (const { entry, batches } of known) at = writeEntry(bytes, at, entry, batches.at(-1))
  at = bytes.writeUInt32BE(TRAILER_TAG, at)
  for (const { batches } of known) {
    at = bytes.writeUInt8(batches.length, at)
    for (const batch of batches) at = writeBatch(bytes, at, batch)
  }
  bytes.writeUInt32BE(crc32c(bytes, 6), 2)
  return bytes
}

/** Null when the bytes are not a whole, undamaged snapshot: producers are then read from the log. */
export function decodeProducerSnapshot(bytes: Buffer): ProducerEntry[] | null {
  if (bytes.length < HEADER_BYTES || bytes.readInt16BE(0) !== VERSION) return null
  if (bytes.readUInt32BE(2) !== crc32c(bytes, 6)) return null
  const count = bytes.readInt32BE(6)
  const entriesEnd = HEADER_BYTES + count * ENTRY_BYTES
  if (count < 0 || entriesEnd > bytes.length) return null
  const entries: ProducerEntry[] = []
  for (let at = HEADER_BYTES; at < entriesEnd; at += ENTRY_BYTES) entries.push(readEntry(bytes, at))
  readTrailer(bytes, entriesEnd, entries)
  return entries
}

function writeEntry(
  bytes: Buffer,
  start: number,
  entry: ProducerEntry,
  last: ProducerBatch | undefined,
): number {
  let at = writeInt64(bytes, start, entry.producerId)
  at = bytes.writeInt16BE(entry.epoch, at)
  at = bytes.writeInt32BE(last?.lastSequence ?? -1, at)
  at = writeInt64(bytes, at, last?.lastOffset ?? -1)
  at = bytes.writeInt32BE(last?.offsetDelta ?? 0, at)
  at = writeInt64(bytes, at, entry.lastTimestampMs)
  at = bytes.writeInt32BE(entry.coordinatorEpoch, at)
  return writeInt64(bytes, at, entry.currentTransactionFirstOffset)
}

function readEntry(bytes: Buffer, at: number): ProducerEntry {
  const lastSequence = bytes.readInt32BE(at + 10)
  const lastOffset = readInt64(bytes, at + 14)
  const offsetDelta = bytes.readInt32BE(at + 22)
  const timestampMs = readInt64(bytes, at + 26)
  // The sequence wraps within a batch as it does between two.
  const firstSequence = (lastSequence - offsetDelta + 0x8000_0000) % 0x8000_0000
  const batch = { firstSequence, lastSequence, lastOffset, offsetDelta, timestampMs }
  return {
    producerId: readInt64(bytes, at),
    epoch: bytes.readInt16BE(at + 8),
    batches: lastSequence < 0 ? [] : [batch],
    createdAtOffset: -1,
    lastTimestampMs: timestampMs,
    coordinatorEpoch: bytes.readInt32BE(at + 34),
    currentTransactionFirstOffset: readInt64(bytes, at + 38),
  }
}

function writeBatch(bytes: Buffer, start: number, batch: ProducerBatch): number {
  let at = bytes.writeInt32BE(batch.firstSequence, start)
  at = bytes.writeInt32BE(batch.lastSequence, at)
  at = writeInt64(bytes, at, batch.lastOffset)
  at = bytes.writeInt32BE(batch.offsetDelta, at)
  return writeInt64(bytes, at, batch.timestampMs)
}

/** A snapshot that Kafka wrote has no trailer: then the last batch of each producer is all that is known. */
function readTrailer(bytes: Buffer, start: number, entries: readonly ProducerEntry[]): void {
  if (bytes.length < start + 4 || bytes.readUInt32BE(start) !== TRAILER_TAG) return
  let at = start + 4
  for (const entry of entries) {
    const count = at < bytes.length ? bytes.readUInt8(at) : 0
    const end = at + 1 + count * BATCH_BYTES
    if (count > BATCHES_KEPT || end > bytes.length) return
    const batches: ProducerBatch[] = []
    for (at += 1; at < end; at += BATCH_BYTES) batches.push(readBatch(bytes, at))
    if (count > 0) entry.batches = batches
  }
}

function readBatch(bytes: Buffer, at: number): ProducerBatch {
  return {
    firstSequence: bytes.readInt32BE(at),
    lastSequence: bytes.readInt32BE(at + 4),
    lastOffset: readInt64(bytes, at + 8),
    offsetDelta: bytes.readInt32BE(at + 16),
    timestampMs: readInt64(bytes, at + 20),
  }
}

function writeInt64(bytes: Buffer, at: number, value: number): number {
  return bytes.writeBigInt64BE(BigInt(value), at)
}

function readInt64(bytes: Buffer, at: number): number {
  return Number(bytes.readBigInt64BE(at))
}
