import { describe, expect, it } from 'vitest'
import { BatchBuilder, buildBatch } from './batch-builder.ts'
import { readBatchHeader } from './batch-header.ts'
import type { RecordInput } from './record.ts'
import { readBatchRecords } from './record-reader.ts'

const record = (value: string | Buffer | null, timestampMs = 1_000): RecordInput => ({
  key: 'key',
  value,
  timestampMs,
})

describe('BatchBuilder', () => {
  it('knows the size before and after each record', () => {
    const builder = new BatchBuilder()
    const texts = [
      '',
      'a',
      'é'.repeat(40),
      '🌊'.repeat(31),
      'x'.repeat(63),
      'x'.repeat(64),
      'é'.repeat(5_000),
    ]
    for (const text of texts) {
      const input = { ...record(text), headers: [{ key: 'ü', value: text }] }
      const expected = builder.sizeBytesWith(input)
      builder.append(input)
      expect(builder.sizeBytes).toBe(expected)
    }
    const { sizeBytes } = builder
    expect(builder.finish()).toHaveLength(sizeBytes)
  })

  it('refuses the record that would exceed the limit, and takes the next that fits', () => {
    const builder = new BatchBuilder()
    builder.append(record('first'))
    const limit = builder.sizeBytesWith(record('fits'))
    expect(builder.tryAppend(record('fits, not'), limit)).toBe(false)
    expect(builder.recordCount).toBe(1)
    expect(builder.tryAppend(record('fits'), limit)).toBe(true)
    expect(readBatchRecords(builder.finish()).map(({ value }) => String(value))).toEqual(['first', 'fits'])
  })

  it('leaves a finished batch alone when it builds the next', () => {
    const builder = new BatchBuilder()
    builder.append(record('one'))
    const first = builder.finish()
    const before = Buffer.from(first)
    builder.append(record('two', 5_000))
    const second = builder.finish()
    expect(first).toEqual(before)
    expect(readBatchHeader(second)).toMatchObject({ recordCount: 1, baseTimestampMs: 5_000 })
  })

  it('copies what it is given', () => {
    const value = Buffer.from('before')
    const builder = new BatchBuilder()
    builder.append(record(value))
    value.fill('x')
    expect(String(readBatchRecords(builder.finish())[0]?.value)).toBe('before')
  })

  it('starts anew after clear', () => {
    const builder = new BatchBuilder()
    builder.append(record('forgotten', 9_000))
    builder.clear()
    builder.append(record('kept', 1_000))
    expect(readBatchHeader(builder.finish())).toMatchObject({ recordCount: 1, maxTimestampMs: 1_000 })
  })

  it('takes the first time as base and the highest as max', () => {
    const batch = buildBatch([record('a', 500), record('b', 900), record('c', 100)])
    expect(readBatchHeader(batch)).toMatchObject({ baseTimestampMs: 500, maxTimestampMs: 900 })
    expect(readBatchRecords(batch).map(({ timestampMs }) => timestampMs)).toEqual([500, 900, 100])
  })

  it('asserts that a batch has a record', () => {
    expect(() => new BatchBuilder().finish()).toThrow(expect.objectContaining({ name: 'AssertionError' }))
  })

  it('sets what it is told to', () => {
    const fields = {
      baseOffset: 7,
      compression: 1,
      producerId: 2,
      producerEpoch: 3,
      baseSequence: 4,
      isTransactional: true,
      isControl: true,
      partitionLeaderEpoch: 5,
      timestampType: 1,
    } as const
    expect(readBatchHeader(buildBatch([record('x')], fields))).toMatchObject(fields)
  })

  it('writes lone surrogates as the replacement character, as UTF-8 asks', () => {
    const [read] = readBatchRecords(buildBatch([record('a\ud800b')]))
    expect(read?.value).toEqual(Buffer.from('a\ufffdb'))
  })
})
