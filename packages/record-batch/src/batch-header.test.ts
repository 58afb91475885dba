import { describe, expect, it } from 'vitest'
import { buildBatch } from './batch-builder.ts'
import {
  BATCH_HEADER_BYTES,
  batchBaseOffsetAt,
  batchLastOffsetAt,
  batchMaxTimestampAt,
  batchSizeBytesAt,
  readBatchHeader,
  readInt64,
  writeInt64,
} from './batch-header.ts'

const batch = buildBatch(
  [
    { key: 'a', value: '1', timestampMs: 1_000 },
    { key: 'b', value: '2', timestampMs: 900 },
  ],
  { baseOffset: 40, partitionLeaderEpoch: 3, producerId: 8, producerEpoch: 1, baseSequence: 5 },
)
const changed = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.from(batch)
  change(bytes)
  return bytes
}

describe('readBatchHeader', () => {
  it('reads every field', () => {
    expect(readBatchHeader(batch)).toEqual({
      baseOffset: 40,
      batchLength: batch.length - 12,
      sizeBytes: batch.length,
      partitionLeaderEpoch: 3,
      magic: 2,
      crc: batch.readUInt32BE(17),
      attributes: 0,
      compression: 0,
      timestampType: 0,
      isTransactional: false,
      isControl: false,
      hasDeleteHorizon: false,
      lastOffsetDelta: 1,
      lastOffset: 41,
      baseTimestampMs: 1_000,
      maxTimestampMs: 1_000,
      producerId: 8,
      producerEpoch: 1,
      baseSequence: 5,
      recordCount: 2,
    })
  })

  it('reads at a position, without the records', () => {
    const shifted = Buffer.concat([Buffer.alloc(7), batch.subarray(0, BATCH_HEADER_BYTES)])
    expect(readBatchHeader(shifted, 7)).toEqual(readBatchHeader(batch))
  })

  it.each([0, 1, 60])('refuses %i bytes', (length) => {
    expect(() => readBatchHeader(batch.subarray(0, length))).toThrow(
      expect.objectContaining({ name: 'CorruptBatchError', code: 'TRUNCATED' }),
    )
  })

  it.each([
    ['INVALID_LENGTH', 'a length below its own header', (bytes: Buffer) => bytes.writeInt32BE(48, 8)],
    ['INVALID_LENGTH', 'a negative length', (bytes: Buffer) => bytes.writeInt32BE(-1, 8)],
    ['UNSUPPORTED_MAGIC', 'format 1', (bytes: Buffer) => bytes.writeInt8(1, 16)],
    ['UNSUPPORTED_MAGIC', 'format 3', (bytes: Buffer) => bytes.writeInt8(3, 16)],
    ['UNSUPPORTED_COMPRESSION', 'codec 5', (bytes: Buffer) => bytes.writeInt16BE(5, 21)],
    ['OUT_OF_RANGE', 'a negative offset', (bytes: Buffer) => bytes.writeBigInt64BE(-1n, 0)],
    ['OUT_OF_RANGE', 'an offset of 2^53', (bytes: Buffer) => bytes.writeBigInt64BE(2n ** 53n, 0)],
    ['OUT_OF_RANGE', 'a last offset of 2^53', (bytes: Buffer) => bytes.writeBigInt64BE(2n ** 53n - 1n, 0)],
    ['OUT_OF_RANGE', 'a negative last offset delta', (bytes: Buffer) => bytes.writeInt32BE(-1, 23)],
    ['OUT_OF_RANGE', 'a negative record count', (bytes: Buffer) => bytes.writeInt32BE(-1, 57)],
    ['OUT_OF_RANGE', 'a producer id of 2^53', (bytes: Buffer) => bytes.writeBigInt64BE(2n ** 53n, 43)],
  ])('answers %s to %s', (code, _what, change) => {
    expect(() => readBatchHeader(changed(change))).toThrow(
      expect.objectContaining({ name: 'CorruptBatchError', code }),
    )
  })

  it('takes a batch whose records compaction removed', () => {
    expect(readBatchHeader(changed((bytes) => bytes.writeInt32BE(0, 57)))).toMatchObject({
      recordCount: 0,
      lastOffset: 41,
    })
  })

  it('rounds a timestamp beyond the safe integers', () => {
    const far = changed((bytes) => bytes.writeBigInt64BE(2n ** 62n + 1n, 35))
    expect(readBatchHeader(far).maxTimestampMs).toBe(2 ** 62)
  })
})

describe('single fields', () => {
  it('are read without the rest', () => {
    const shifted = Buffer.concat([Buffer.alloc(3), batch])
    expect(batchSizeBytesAt(shifted, 3)).toBe(batch.length)
    expect(batchBaseOffsetAt(shifted, 3)).toBe(40)
    expect(batchLastOffsetAt(shifted, 3)).toBe(41)
    expect(batchMaxTimestampAt(shifted, 3)).toBe(1_000)
  })
})

describe('int64', () => {
  it.each([0, 1, -1, 2 ** 32, -(2 ** 32), 2 ** 32 - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])(
    'writes and reads %i as a bigint would',
    (value) => {
      const buffer = Buffer.alloc(8)
      writeInt64(buffer, 0, value)
      expect(buffer.readBigInt64BE()).toBe(BigInt(value))
      expect(readInt64(buffer, 0)).toBe(value)
    },
  )
})
