import { describe, expect, it } from 'vitest'
import { buildBatch } from './batch-builder.ts'
import { readBatchHeader } from './batch-header.ts'
import { setCreateTime, setLogAppendTime, stampBatch, verifyBatchCrc } from './batch-stamp.ts'
import { readBatchRecords } from './record-reader.ts'

/** Two batches in one buffer, so that a stamp in the wrong place shows. */
function twoBatches() {
  const first = buildBatch([{ key: 'a', value: '1', timestampMs: 1_000 }])
  const second = buildBatch([
    { key: 'b', value: '2', timestampMs: 2_000 },
    { key: 'c', value: '3', timestampMs: 2_500 },
  ])
  return { buffer: Buffer.concat([first, second]), first, at: first.length, sizeBytes: second.length }
}

describe('stampBatch', () => {
  it('sets offset and epoch and leaves the CRC right', () => {
    const { buffer, first, at, sizeBytes } = twoBatches()
    stampBatch(buffer, at, { baseOffset: 5_000_000_000, partitionLeaderEpoch: 12 })
    expect(readBatchHeader(buffer, at)).toMatchObject({
      baseOffset: 5_000_000_000,
      lastOffset: 5_000_000_001,
      partitionLeaderEpoch: 12,
    })
    expect(verifyBatchCrc(buffer, at, sizeBytes)).toBe(true)
    expect(buffer.subarray(0, at)).toEqual(first)
  })
})

describe('setLogAppendTime', () => {
  it('gives every record the time of the broker', () => {
    const { buffer, first, at, sizeBytes } = twoBatches()
    setLogAppendTime(buffer, at, 9_999)
    expect(readBatchHeader(buffer, at)).toMatchObject({ timestampType: 1, maxTimestampMs: 9_999 })
    expect(readBatchRecords(buffer, at).map(({ timestampMs }) => timestampMs)).toEqual([9_999, 9_999])
    expect(verifyBatchCrc(buffer, at, sizeBytes)).toBe(true)
    expect(buffer.subarray(0, at)).toEqual(first)
  })

  it('keeps the other attributes', () => {
    const batch = buildBatch([{ key: 'a', value: '1', timestampMs: 1 }], {
      compression: 4,
      isTransactional: true,
    })
    setLogAppendTime(batch, 0, 5)
    expect(readBatchHeader(batch)).toMatchObject({ compression: 4, isTransactional: true, timestampType: 1 })
  })
})

describe('setCreateTime', () => {
  it('corrects the max timestamp and takes back log append time', () => {
    const { buffer, at, sizeBytes } = twoBatches()
    setLogAppendTime(buffer, at, 9_999)
    const header = setCreateTime(buffer, at, 2_500)
    expect(header).toMatchObject({ timestampType: 0, maxTimestampMs: 2_500 })
    expect(header).toEqual(readBatchHeader(buffer, at))
    expect(readBatchRecords(buffer, at).map(({ timestampMs }) => timestampMs)).toEqual([2_000, 2_500])
    expect(verifyBatchCrc(buffer, at, sizeBytes)).toBe(true)
  })
})

describe('verifyBatchCrc', () => {
  it('notices a byte changed at the very end', () => {
    const { buffer, at, sizeBytes } = twoBatches()
    buffer.writeUInt8(buffer.readUInt8(buffer.length - 1) ^ 1, buffer.length - 1)
    expect(verifyBatchCrc(buffer, at, sizeBytes)).toBe(false)
  })
})
