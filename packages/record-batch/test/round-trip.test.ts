import { describe, expect, it } from 'vitest'
import { buildBatch } from '../src/batch-builder.ts'
import { readBatchHeader } from '../src/batch-header.ts'
import { verifyBatchCrc } from '../src/batch-stamp.ts'
import { validateProducedBatch } from '../src/batch-validation.ts'
import type { CompressionId } from '../src/compression.ts'
import { readBatchRecords } from '../src/record-reader.ts'

const RULES = {
  maxMessageBytes: 1_048_588,
  requireKey: false,
  timestampType: 0,
  timestampBeforeMaxMs: Infinity,
  timestampAfterMaxMs: 3_600_000,
  nowMs: 1_700_000_000_000,
  maxDecompressedBytes: 10_000_000,
} as const

describe.each([0, 1, 2, 3, 4] satisfies CompressionId[])('with codec %i', (compression) => {
  const records = Array.from({ length: 300 }, (_, index) => ({
    key: index % 3 === 0 ? null : `key-${index}`,
    value: Buffer.from(`värde ${'x'.repeat(index)}`),
    headers:
      index % 5 === 0
        ? [
            { key: 'h', value: Buffer.from('v') },
            { key: 'é', value: null },
          ]
        : [],
    timestampMs: RULES.nowMs - index,
  }))
  const batch = buildBatch(records, { compression })

  it('reads back what was built', () => {
    expect(readBatchRecords(batch)).toEqual(
      records.map((record, offset) => ({ ...record, key: record.key && Buffer.from(record.key), offset })),
    )
  })

  it('validates what was built', () => {
    expect(verifyBatchCrc(batch, 0, batch.length)).toBe(true)
    expect(validateProducedBatch(batch, 0, RULES)).toMatchObject({
      kind: 'ok',
      header: readBatchHeader(batch),
      maxTimestampMs: RULES.nowMs,
      offsetOfMaxTimestamp: 0,
      needsTimestampRewrite: false,
    })
  })
})
