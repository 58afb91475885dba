import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BatchBuilder,
  buildBatch,
  Compression,
  type CompressionId,
  type RecordInput,
  readBatchHeader,
  readBatchRecords,
  readRecords,
  validateProducedBatch,
  verifyBatchCrc,
} from '../src/index.ts'

const codecs = Object.entries(Compression)
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const field = fc.oneof(fc.constant(null), bytes, fc.string({ unit: 'binary', maxLength: 200 }))
const header = fc.record({ key: fc.string({ unit: 'binary', maxLength: 80 }), value: field })
const record: fc.Arbitrary<RecordInput> = fc.record({
  key: field,
  value: field,
  headers: fc.array(header, { maxLength: 4 }),
  // What two of them are apart must be a safe integer as well.
  timestampMs: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
})
const records = fc.array(record, { minLength: 1, maxLength: 30 })

const toBytes = (value: Buffer | string | null) =>
  typeof value === 'string' ? Buffer.from(value, 'utf8') : value
const asRead = (input: readonly RecordInput[], baseOffset: number) =>
  input.map(({ key, value, headers = [], timestampMs }, index) => ({
    offset: baseOffset + index,
    timestampMs,
    key: toBytes(key),
    value: toBytes(value),
    headers: headers.map((one) => ({
      key: Buffer.from(one.key, 'utf8').toString('utf8'),
      value: toBytes(one.value),
    })),
  }))

const rules = {
  maxMessageBytes: 1_048_588,
  requireKey: false,
  timestampType: 0,
  timestampBeforeMaxMs: Infinity,
  timestampAfterMaxMs: Infinity,
  nowMs: 0,
  maxDecompressedBytes: 1_000_000,
} as const

describe.each(codecs)('a batch compressed with %s', (_name, compression: CompressionId) => {
  it('gives back the records that it was built of', () => {
    fc.assert(
      fc.property(records, fc.nat({ max: 2 ** 50 }), (input, baseOffset) => {
        const batch = buildBatch(input, { compression, baseOffset })
        const expected = asRead(input, baseOffset)
        expect(readBatchRecords(batch)).toEqual(expected)
        expect([...readRecords(batch)]).toEqual(expected)
        expect(verifyBatchCrc(batch, 0, batch.length)).toBe(true)
      }),
    )
  })

  it('is valid, with the highest time where it was first', () => {
    fc.assert(
      fc.property(records, (input) => {
        const batch = buildBatch(input, { compression })
        const times = input.map(({ timestampMs }) => timestampMs)
        const highest = Math.max(...times)
        expect(validateProducedBatch(batch, 0, rules)).toMatchObject({
          kind: 'ok',
          header: readBatchHeader(batch),
          maxTimestampMs: Math.max(highest, -1),
          offsetOfMaxTimestamp: highest > -1 ? times.indexOf(highest) : 0,
          needsTimestampRewrite: highest < -1,
        })
      }),
    )
  })
})

describe('a builder', () => {
  it('announces the exact size of any record', () => {
    fc.assert(
      fc.property(records, (input) => {
        const builder = new BatchBuilder(64)
        for (const one of input) {
          const expected = builder.sizeBytesWith(one)
          builder.append(one)
          expect(builder.sizeBytes).toBe(expected)
        }
        const { sizeBytes } = builder
        expect(builder.finish()).toHaveLength(sizeBytes)
      }),
    )
  })

  it('builds the same whether strings or their bytes are given', () => {
    fc.assert(
      fc.property(records, (input) => {
        const encoded = asRead(input, 0).map((one, index) => ({
          ...one,
          headers: (input[index]?.headers ?? []).map(({ key, value }) => ({ key, value: toBytes(value) })),
        }))
        expect(buildBatch(input).equals(buildBatch(encoded))).toBe(true)
      }),
    )
  })
})
