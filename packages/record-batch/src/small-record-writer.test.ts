import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordUpperBoundBytes, writeRecord } from './record-writer.ts'
import { NOT_SMALL, writeSmallRecord } from './small-record-writer.ts'

const START = 3

/** Around every number at which a varint takes a byte more. */
const numbers = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.constantFrom(0, 63, 64, 8127, 8128, 8180, 8181, 8182, 8183, 8184, 8185, 8190, 8191, 8192, 20_000),
)
const fields = fc.option(numbers.map((length) => Buffer.alloc(length, 'f')))

describe('writeSmallRecord', () => {
  it('writes what writeRecord writes, or nothing', () => {
    let smallCount = 0
    fc.assert(
      fc.property(fields, fields, numbers, numbers, (key, value, offsetDelta, timestampDelta) => {
        const record = { key, value, timestampMs: 0 }
        const expected = Buffer.alloc(START + recordUpperBoundBytes(record))
        const target = Buffer.alloc(expected.length)
        const end = writeSmallRecord(target, START, record, offsetDelta, timestampDelta)
        if (end === NOT_SMALL) return
        smallCount++
        expect(end).toBe(writeRecord(expected, START, record, { offsetDelta, timestampDelta }))
        expect(target.equals(expected)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
    expect(smallCount).toBeGreaterThan(200)
  })

  it('leaves alone what is before its time, and what has no room', () => {
    const record = { key: null, value: Buffer.from('value') }
    expect(writeSmallRecord(Buffer.alloc(100), 0, record, 0, -1)).toBe(NOT_SMALL)
    const sizeBytes = writeSmallRecord(Buffer.alloc(100), 0, record, 0, 0)
    for (let length = 0; length < sizeBytes; length++)
      expect(writeSmallRecord(Buffer.alloc(length), 0, record, 0, 0)).toBe(NOT_SMALL)
  })
})
