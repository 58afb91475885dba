import { randomBytes } from 'node:crypto'
import { DEFAULT_LOG_CONFIG } from '@millrace/log-core'
import {
  BATCH_HEADER_BYTES,
  Compression,
  type CompressionId,
  crc32c,
  readBatchHeader,
} from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import { parseBrokerConfig } from '../config/broker-config.ts'
import { type Limits, limitsFrom } from '../limits.ts'
import { batchOf } from '../testing/test-broker.ts'
import { checkBatch } from './batch-check.ts'

const NOW_MS = 1_700_000_000_000
const VALUE_BYTES = 200_000
const CRC_AT = 17
const CRC_FROM = 21
const LENGTH_AT = 8
const LENGTH_COUNTS_FROM = 12
const ATTRIBUTES_AT = 21
const MAX_TIMESTAMP_AT = 35
/** Version 1, independent blocks of up to 4 MiB. */
const LZ4_FRAME_HEADER = Buffer.from('04224d18607073', 'hex')
const STORED_AS_IS = 0x8000_0000

const LIMITS = limitsFrom(parseBrokerConfig({}))
const PATHS = [
  ['on the loop', { ...LIMITS, offLoopCompressedBytes: 1_000_000 }],
  ['off the loop', { ...LIMITS, offLoopCompressedBytes: 0 }],
] as const

/** The batch under lz4, as a compressor leaves what does not get smaller: one block, stored as it is. */
function storedByLz4(batch: Buffer): Buffer {
  const records = batch.subarray(BATCH_HEADER_BYTES)
  const blockSize = Buffer.alloc(4)
  blockSize.writeUInt32LE(STORED_AS_IS + records.length)
  const header = batch.subarray(0, BATCH_HEADER_BYTES)
  const stored = Buffer.concat([header, LZ4_FRAME_HEADER, blockSize, records, Buffer.alloc(4)])
  stored.writeInt32BE(stored.length - LENGTH_COUNTS_FROM, LENGTH_AT)
  stored.writeInt16BE(Compression.lz4, ATTRIBUTES_AT)
  stored.writeUInt32BE(crc32c(stored, CRC_FROM), CRC_AT)
  return stored
}

function check(records: Buffer, limits: Limits, config = DEFAULT_LOG_CONFIG) {
  return checkBatch({ records, produceVersion: 9, nowMs: NOW_MS, config, limits })
}

describe('a batch that is checked', () => {
  it('is so at once, unless it is compressed and large', async () => {
    const at = (sizeBytes: number, compression: CompressionId) =>
      check(batchOf([{ value: randomBytes(sizeBytes) }], NOW_MS, { compression }), LIMITS)
    expect(at(1000, Compression.lz4)).toMatchObject({ kind: 'checked' })
    expect(at(VALUE_BYTES, Compression.none)).toMatchObject({ kind: 'checked' })
    const later = at(VALUE_BYTES, Compression.lz4)
    expect(later).toBeInstanceOf(Promise)
    expect(await later).toMatchObject({ kind: 'checked' })
  })

  it('gets the highest time of its records when its header says another', async () => {
    const batch = batchOf([{ timestampMs: NOW_MS }, { timestampMs: NOW_MS - 5 }], NOW_MS)
    batch.writeBigInt64BE(BigInt(NOW_MS + 1000), MAX_TIMESTAMP_AT)
    batch.writeUInt32BE(crc32c(batch, CRC_FROM), CRC_AT)
    expect(await check(batch, LIMITS)).toMatchObject({ header: { maxTimestampMs: NOW_MS } })
    expect(readBatchHeader(batch)).toMatchObject({ maxTimestampMs: NOW_MS, crc: crc32c(batch, CRC_FROM) })
  })
})

describe('the memory of what a batch decompresses to', () => {
  it.each(PATHS)('is given back when the batch was checked %s', async (_, limits) => {
    for (const compression of [Compression.gzip, Compression.snappy, Compression.lz4, Compression.zstd]) {
      const batch = batchOf([{ value: Buffer.alloc(VALUE_BYTES) }], NOW_MS, { compression })
      const before = process.memoryUsage().arrayBuffers
      const checked = await check(batch, limits)
      expect(checked).toMatchObject({ kind: 'checked', header: { compression, recordCount: 1 } })
      // zlib works in chunks of its own, which are left to the collector.
      const isOfZlib = compression === Compression.gzip || compression === Compression.zstd
      const leftBytes = process.memoryUsage().arrayBuffers - before
      expect(leftBytes, `codec ${compression}`).toBeLessThan(isOfZlib ? 1.5 * VALUE_BYTES : VALUE_BYTES / 2)
    }
  })

  it.each(PATHS)('stays where it is the batch itself: lz4 stored it as it was, %s', async (_, limits) => {
    const batch = storedByLz4(batchOf([{ value: Buffer.alloc(VALUE_BYTES, 'v') }], NOW_MS))
    const sent = Buffer.from(batch)
    const checked = await check(batch, limits)
    expect(checked.kind === 'checked' && checked.batch.equals(sent)).toBe(true)
  })

  it('stays where the batch was not compressed, and is kept compressed', async () => {
    const batch = batchOf([{ value: Buffer.alloc(VALUE_BYTES, 'v') }], NOW_MS)
    const sent = Buffer.from(batch)
    const config = { ...DEFAULT_LOG_CONFIG, compressionType: 'zstd' } as const
    expect(await check(batch, LIMITS, config)).toMatchObject({ header: { compression: Compression.zstd } })
    expect(batch.equals(sent)).toBe(true)
  })
})
