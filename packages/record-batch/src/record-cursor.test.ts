import { describe, expect, it } from 'vitest'
import { RecordCursor } from './record-cursor.ts'

const context = { baseOffset: 100, baseTimestampMs: 1_000, recordCount: 1 }
const cursorOver = (bytes: number[], recordCount = 1) =>
  new RecordCursor({ bytes: Buffer.from(bytes), start: 0, end: bytes.length }, { ...context, recordCount })
const SMALLEST = [12, 0, 0, 0, 1, 1, 0]

describe('RecordCursor', () => {
  it('reads the smallest record', () => {
    const cursor = cursorOver(SMALLEST)
    expect(cursor.next()).toBe(true)
    expect(cursor).toMatchObject({
      index: 0,
      offset: 100,
      timestampMs: 1_000,
      keyLength: -1,
      valueLength: -1,
    })
    expect([cursor.key(), cursor.value(), cursor.headers()]).toEqual([null, null, []])
    expect(cursor.next()).toBe(false)
    expect(cursor.next()).toBe(false)
  })

  it('reads deltas that go back and far', () => {
    // Timestamp delta -31,536,000,000 and offset delta 70,000.
    const cursor = cursorOver([28, 0, 255, 175, 137, 251, 234, 1, 224, 197, 8, 2, 107, 1, 0])
    expect(cursor.next()).toBe(true)
    expect(cursor.timestampDelta).toBe(-31_536_000_000)
    expect(cursor.offset).toBe(70_100)
    expect(String(cursor.key())).toBe('k')
  })

  it('allocates one array for all records without headers', () => {
    const cursor = cursorOver([...SMALLEST, ...SMALLEST], 2)
    cursor.next()
    const headers = cursor.headers()
    cursor.next()
    expect(cursor.headers()).toBe(headers)
  })

  it('reads headers as often as they are asked for, and goes on behind them', () => {
    const withHeader = [20, 0, 0, 0, 1, 1, 2, 2, 104, 2, 118]
    const cursor = cursorOver([...withHeader, ...SMALLEST], 2)
    cursor.next()
    const expected = [{ key: 'h', value: Buffer.from('v') }]
    expect(cursor.headers()).toEqual(expected)
    expect(cursor.headers()).toEqual(expected)
    expect(cursor.next()).toBe(true)
    expect(cursor.headerCount).toBe(0)
  })

  it.each([
    ['INVALID_RECORD', 'a length that ends inside the record', [10, 0, 0, 0, 1, 1, 0]],
    ['INVALID_RECORD', 'a length beyond the end', [14, 0, 0, 0, 1, 1, 0]],
    ['INVALID_RECORD', 'a negative length', [1, 0, 0, 0, 1, 1, 0]],
    ['INVALID_RECORD', 'a key length of -2', [12, 0, 0, 0, 3, 1, 0]],
    ['INVALID_RECORD', 'a key that leaves the record', [12, 0, 0, 0, 8, 1, 0]],
    ['INVALID_RECORD', 'a value length of -2', [12, 0, 0, 0, 1, 3, 0]],
    ['INVALID_RECORD', 'a value that leaves the record', [12, 0, 0, 0, 1, 8, 0]],
    ['INVALID_RECORD', 'a header count of -1', [12, 0, 0, 0, 1, 1, 1]],
    ['INVALID_RECORD', 'a header that is not there', [12, 0, 0, 0, 1, 1, 2]],
    ['INVALID_RECORD', 'a header key of length -1', [16, 0, 0, 0, 1, 1, 2, 1, 1]],
    ['INVALID_RECORD', 'a header key that goes back', [14, 0, 0, 0, 1, 1, 2, 1]],
    ['INVALID_RECORD', 'a header value of length -2', [16, 0, 0, 0, 1, 1, 2, 0, 3]],
    ['INVALID_RECORD', 'a header value that leaves the record', [16, 0, 0, 0, 1, 1, 2, 0, 4]],
    ['INVALID_RECORD', '2^31 - 1 headers', [20, 0, 0, 0, 1, 1, 254, 255, 255, 255, 15]],
    ['INVALID_RECORD', 'a varint of six bytes', [22, 0, 0, 128, 128, 128, 128, 128, 0, 1, 1, 0]],
    ['INVALID_RECORD', 'a varlong of eleven bytes', [32, 0, ...Array(10).fill(128), 0, 0, 1, 1, 0]],
    ['COUNT_MISMATCH', 'more bytes than records', [...SMALLEST, 0]],
    ['COUNT_MISMATCH', 'no bytes at all', []],
  ])('answers %s to %s', (code, _what, bytes) => {
    const cursor = cursorOver(bytes)
    const walk = () => {
      while (cursor.next());
    }
    expect(walk).toThrow(expect.objectContaining({ name: 'CorruptBatchError', code }))
  })

  it('reads nothing beyond its end, though the buffer goes on', () => {
    // A whole record of 13 bytes, of which only 10 belong to the batch.
    const bytes = Buffer.from([24, 0, 0, 0, 1, 12, 1, 2, 3, 4, 5, 6, 0])
    const cursor = new RecordCursor({ bytes, start: 0, end: 10 }, context)
    expect(() => cursor.next()).toThrow(expect.objectContaining({ code: 'INVALID_RECORD' }))
  })
})
