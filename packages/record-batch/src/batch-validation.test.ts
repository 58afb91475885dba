import { describe, expect, it } from 'vitest'
import { buildBatch } from './batch-builder.ts'
import { writeBatchCrc } from './batch-stamp.ts'
import { MAX_RECORD_ERRORS, type ValidationRules, validateProducedBatch } from './batch-validation.ts'

const nowMs = 1_700_000_000_000
const rules: ValidationRules = {
  maxMessageBytes: 1_048_588,
  requireKey: false,
  timestampType: 0,
  timestampBeforeMaxMs: Infinity,
  timestampAfterMaxMs: 3_600_000,
  nowMs,
  maxDecompressedBytes: 1_000_000,
}
const records = (times: readonly number[]) =>
  times.map((timestampMs, index) => ({ key: `k${index}`, value: 'v', timestampMs }))
const batch = buildBatch(records([nowMs - 5, nowMs, nowMs - 1, nowMs]))
const changed = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.from(batch)
  change(bytes)
  return bytes
}

// What LogValidator decides is compared with Kafka's own answers in test/kafka-validator.test.ts. Here: the rest.
describe('validateProducedBatch', () => {
  it('finds the first record with the highest time', () => {
    expect(validateProducedBatch(batch, 0, rules)).toMatchObject({
      kind: 'ok',
      maxTimestampMs: nowMs,
      offsetOfMaxTimestamp: 1,
      needsTimestampRewrite: false,
    })
  })

  it('judges the batch at a position, and nothing behind it', () => {
    const buffer = Buffer.concat([Buffer.alloc(9, 0xff), batch, Buffer.alloc(9, 0xff)])
    expect(validateProducedBatch(buffer, 9, rules)).toMatchObject({ kind: 'ok' })
  })

  it('changes nothing', () => {
    const before = Buffer.from(batch)
    validateProducedBatch(batch, 0, { ...rules, timestampType: 1 })
    expect(batch).toEqual(before)
  })

  it.each([
    ['corrupt', 'a cut header', batch.subarray(0, 60)],
    ['corrupt', 'a cut batch', batch.subarray(0, batch.length - 1)],
    ['corrupt', 'a length below the header', changed((bytes) => bytes.writeInt32BE(10, 8))],
    ['corrupt', 'a byte changed in a record', changed((bytes) => bytes.writeUInt8(7, bytes.length - 2))],
    ['unsupported-magic', 'format 1', changed((bytes) => bytes.writeInt8(1, 16))],
    ['invalid-record', 'a base offset other than 0', changed((bytes) => bytes.writeInt32BE(1, 4))],
    ['invalid-record', 'a negative base offset', changed((bytes) => bytes.writeInt32BE(-1, 0))],
  ])('answers %s to %s', (reason, _what, bytes) => {
    expect(validateProducedBatch(bytes, 0, rules)).toMatchObject({
      kind: 'rejected',
      reason,
      recordErrors: [],
    })
  })

  it('takes a batch of exactly the size allowed, and none of a byte more', () => {
    const limited = (maxMessageBytes: number) =>
      validateProducedBatch(batch, 0, { ...rules, maxMessageBytes })
    expect(limited(batch.length)).toMatchObject({ kind: 'ok' })
    expect(limited(batch.length - 1)).toMatchObject({ kind: 'rejected', reason: 'too-large' })
  })

  it('says which record is to blame', () => {
    const late = buildBatch(records([nowMs, nowMs + 3_600_001]))
    expect(validateProducedBatch(late, 0, rules)).toMatchObject({
      reason: 'invalid-timestamp',
      message: expect.stringMatching(/^record 1: timestamp 1700003600001 /),
      recordErrors: [{ batchIndex: 1 }],
    })
  })

  it.each([
    [-1, 'ok'], // Kafka's "no timestamp"
    [0, 'rejected'],
    [-2, 'rejected'],
  ])('where times may be a day old, a time of %i is %s', (timestampMs, kind) => {
    const old = buildBatch(records([timestampMs]))
    expect(validateProducedBatch(old, 0, { ...rules, timestampBeforeMaxMs: 86_400_000 }).kind).toBe(kind)
  })

  it('lists no more than the limit of single errors', () => {
    const many = buildBatch(
      Array.from({ length: 5_000 }, () => ({ key: null, value: '', timestampMs: nowMs })),
    )
    const result = validateProducedBatch(many, 0, { ...rules, requireKey: true })
    expect(result).toMatchObject({ kind: 'rejected', reason: 'invalid-record' })
    expect(result.kind === 'rejected' && result.recordErrors).toHaveLength(MAX_RECORD_ERRORS)
  })

  it('refuses times that no safe integer holds, without a limit too', () => {
    const nanoseconds = buildBatch(records([Number.MAX_SAFE_INTEGER]))
    nanoseconds.writeBigInt64BE(1_700_000_000_000_000_000n, 27)
    nanoseconds.writeBigInt64BE(1_700_000_000_000_000_000n, 35)
    const unlimited = { ...rules, timestampAfterMaxMs: Infinity }
    expect(validateProducedBatch(withRightCrc(nanoseconds), 0, unlimited)).toMatchObject({
      reason: 'invalid-timestamp',
    })
    expect(
      validateProducedBatch(withRightCrc(nanoseconds), 0, { ...unlimited, timestampType: 1 }),
    ).toMatchObject({
      kind: 'ok',
      maxTimestampMs: nowMs,
      offsetOfMaxTimestamp: 0,
      needsTimestampRewrite: true,
    })
  })
})

function withRightCrc(bytes: Buffer): Buffer {
  writeBatchCrc(bytes, 0, bytes.length)
  return bytes
}
