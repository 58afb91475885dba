import { describe, expect, it } from 'vitest'
import { buildBatch } from './batch-builder.ts'
import { filterBatch } from './batch-filter.ts'
import { readBatchHeader } from './batch-header.ts'
import { stampBatch, verifyBatchCrc } from './batch-stamp.ts'
import type { CompressionId } from './compression.ts'
import type { RecordInput } from './record.ts'
import { readBatchRecords } from './record-reader.ts'

const HORIZON_MS = 1_800_000_000_000
const COMPRESSIONS: CompressionId[] = [0, 1, 2, 3, 4]

function records(count: number): RecordInput[] {
  return Array.from({ length: count }, (_, i) => ({
    key: Buffer.from(`key ${i}`),
    value: i % 4 === 3 ? null : Buffer.from(`value ${i}`),
    headers: i % 5 === 0 ? [{ key: 'h', value: Buffer.from([i]) }] : [],
    timestampMs: 1_000_000 + ((i * 7) % 13) * 100_000_000,
  }))
}

function batchAt(position: number, compression: CompressionId, inputs = records(20)): Buffer {
  const batch = buildBatch(inputs, { compression, producerId: 5, producerEpoch: 1, baseSequence: 40 })
  stampBatch(batch, 0, { baseOffset: 1_000, partitionLeaderEpoch: 3 })
  return Buffer.concat([Buffer.alloc(position), batch])
}

describe('filterBatch', () => {
  it.each(COMPRESSIONS)(
    'keeps offsets, sequences, times and headers of what stays (codec %i)',
    (compression) => {
      const buffer = batchAt(7, compression)
      const header = readBatchHeader(buffer, 7)
      const before = readBatchRecords(buffer, 7)
      const isKept = (offset: number) => offset % 3 !== 0
      const filtered = filterBatch(buffer, 7, header, {
        keep: (record) => isKept(record.offset),
        deleteHorizonMs: HORIZON_MS,
      })
      if (filtered.kind !== 'changed') throw new Error(filtered.kind)
      const after = readBatchHeader(filtered.batch)
      const expected = before.filter(({ offset }) => isKept(offset))
      expect(readBatchRecords(filtered.batch)).toEqual(expected)
      expect(verifyBatchCrc(filtered.batch, 0, after.sizeBytes)).toBe(true)
      expect(after).toMatchObject({
        baseOffset: header.baseOffset,
        lastOffset: header.lastOffset,
        recordCount: expected.length,
        baseSequence: 40,
        producerId: 5,
        partitionLeaderEpoch: 3,
        compression,
        hasDeleteHorizon: true,
        baseTimestampMs: HORIZON_MS,
        maxTimestampMs: Math.max(...expected.map(({ timestampMs }) => timestampMs)),
      })
    },
  )

  it('gives the delete horizon once, and leaves it alone afterwards', () => {
    const buffer = batchAt(0, 0)
    const first = filterBatch(buffer, 0, readBatchHeader(buffer), {
      keep: () => true,
      deleteHorizonMs: HORIZON_MS,
    })
    if (first.kind !== 'changed') throw new Error(first.kind)
    expect(readBatchRecords(first.batch)).toEqual(readBatchRecords(buffer))
    const again = { keep: () => true, deleteHorizonMs: HORIZON_MS + 1 }
    expect(filterBatch(first.batch, 0, readBatchHeader(first.batch), again).kind).toBe('unchanged')
    const fewer = { keep: ({ index }: { index: number }) => index > 0, deleteHorizonMs: HORIZON_MS + 1 }
    const second = filterBatch(first.batch, 0, readBatchHeader(first.batch), fewer)
    if (second.kind !== 'changed') throw new Error(second.kind)
    expect(readBatchHeader(second.batch).baseTimestampMs).toBe(HORIZON_MS)
    expect(readBatchRecords(second.batch)).toEqual(readBatchRecords(buffer).slice(1))
  })

  it('leaves a batch without tombstones as it is when all of it stays', () => {
    const inputs = records(20).filter(({ value }) => value !== null)
    const buffer = batchAt(0, 3, inputs)
    const filter = { keep: () => true, deleteHorizonMs: HORIZON_MS }
    expect(filterBatch(buffer, 0, readBatchHeader(buffer), filter)).toEqual({ kind: 'unchanged' })
  })

  it('says when nothing stays', () => {
    const buffer = batchAt(0, 0)
    const filter = { keep: () => false, deleteHorizonMs: HORIZON_MS }
    expect(filterBatch(buffer, 0, readBatchHeader(buffer), filter)).toEqual({ kind: 'empty' })
  })
})
