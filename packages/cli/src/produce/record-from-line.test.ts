import { describe, expect, it } from 'vitest'
import { recordFromLine } from './record-from-line.ts'

const NONE = { keyField: undefined, timestampField: undefined, partition: undefined }
const LINE = Buffer.from(
  '{"origin":"SFO","row":7,"at":{"a":1},"time":978307200000,"iso":"2001-01-01T00:00:00Z"}',
)

describe('the record of a line', () => {
  it('has the line as its value, whatever it is', () => {
    const bytes = Buffer.from([0xff, 0x00])
    expect(recordFromLine(bytes, 1, NONE)).toEqual({ value: bytes })
  })

  it('takes a text field as the key as it is, others as JSON', () => {
    expect(recordFromLine(LINE, 1, { ...NONE, keyField: 'origin' }).key).toBe('SFO')
    expect(recordFromLine(LINE, 1, { ...NONE, keyField: 'row' }).key).toBe('7')
    expect(recordFromLine(LINE, 1, { ...NONE, keyField: 'at' }).key).toBe('{"a":1}')
  })

  it('has no key when the line lacks the field', () => {
    expect(recordFromLine(LINE, 1, { ...NONE, keyField: 'carrier' }).key).toBeNull()
  })

  it('takes milliseconds and ISO dates as the time', () => {
    for (const timestampField of ['time', 'iso']) {
      expect(recordFromLine(LINE, 1, { ...NONE, timestampField }).timestampMs).toBe(978307200000)
    }
  })

  it('names line and field when there is no time in it', () => {
    expect(() => recordFromLine(LINE, 12, { ...NONE, timestampField: 'origin' })).toThrow(
      'line 12: origin is "SFO": expected milliseconds or an ISO date',
    )
    expect(() => recordFromLine(LINE, 12, { ...NONE, timestampField: 'nothing' })).toThrow(
      'nothing is nothing',
    )
  })

  it('names the line that is no JSON object', () => {
    for (const text of ['{"a":', 'null', '3', '']) {
      expect(() => recordFromLine(Buffer.from(text), 3, { ...NONE, keyField: 'a' })).toThrow(
        'line 3 is not a JSON object',
      )
    }
  })
})
