import { describe, expect, it } from 'vitest'
import { buildBatch } from './batch-builder.ts'
import { readBatchHeader } from './batch-header.ts'
import { recompressBatch } from './batch-recompression.ts'
import { validateProducedBatch, validateProducedBatchAsync } from './batch-validation.ts'
import { Compression, compress, compressAsync, decompress } from './compression.ts'
import { readBatchRecords } from './record-reader.ts'

const RULES = {
  maxMessageBytes: 1_000_000,
  requireKey: false,
  timestampType: 0,
  timestampBeforeMaxMs: 1e15,
  timestampAfterMaxMs: 1e15,
  nowMs: 0,
  maxDecompressedBytes: 10_000_000,
} as const

const RECORDS = Array.from({ length: 200 }, (_, index) => ({
  key: Buffer.from(`key ${index}`),
  value: Buffer.from(`value ${index} `.repeat(10)),
  timestampMs: 1_000_000 + index,
}))

const CODECS = Object.entries(Compression)

describe('recompressBatch', () => {
  for (const [fromName, from] of CODECS) {
    it.each(CODECS)(`keeps everything but the codec: ${fromName} to %s`, async (_name, to) => {
      const fields = { producerId: 7, producerEpoch: 1, baseSequence: 40 }
      const batch = buildBatch(RECORDS, { ...fields, compression: from })
      const validated = validateProducedBatch(batch, 0, RULES)
      if (validated.kind !== 'ok') throw new Error(validated.message)
      const records = validated.decompressed ?? batch.subarray(61)
      const recompressed = await recompressBatch(batch, records, { compression: to })
      expect(validateProducedBatch(recompressed, 0, RULES).kind).toBe('ok')
      expect(readBatchHeader(recompressed)).toMatchObject({ ...fields, compression: to, recordCount: 200 })
      expect(readBatchRecords(recompressed)).toEqual(readBatchRecords(batch))
    })
  }

  it('compresses as hard as it is told', async () => {
    const records = buildBatch(RECORDS).subarray(61)
    for (const compression of [Compression.gzip, Compression.zstd]) {
      const least = await compressAsync(compression, records, { gzip: 1, zstd: 1 })
      const most = await compressAsync(compression, records, { gzip: 9, zstd: 19 })
      expect(most.length).toBeLessThan(least.length)
      const atOnce = compress(compression, records, { gzip: 9, zstd: 19 })
      expect(decompress(compression, atOnce, 1_000_000)).toEqual(records)
      expect(decompress(compression, most, 1_000_000)).toEqual(records)
    }
  })
})

describe('validateProducedBatchAsync', () => {
  it.each(CODECS)('judges a batch with %s as the synchronous one does', async (_name, compression) => {
    const good = buildBatch(RECORDS, { compression })
    expect(await validateProducedBatchAsync(good, 0, RULES)).toEqual(validateProducedBatch(good, 0, RULES))
    const damaged = Buffer.from(good)
    damaged.writeUInt8(damaged.readUInt8(80) ^ 1, 80)
    for (const [batch, rules] of [
      [damaged, RULES],
      [good, { ...RULES, maxDecompressedBytes: 100 }],
      [good, { ...RULES, nowMs: 5e15 }],
    ] as const) {
      expect(await validateProducedBatchAsync(batch, 0, rules)).toEqual(
        validateProducedBatch(batch, 0, rules),
      )
    }
  })
})
