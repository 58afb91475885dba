import type { ConsumerRecord } from '@millrace/client'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordFilter } from './record-filter.ts'

const FLIGHT: ConsumerRecord = {
  topic: 'flights',
  partition: 2,
  offset: 41,
  timestampMs: 978307200000,
  key: Buffer.from('SFO'),
  value: Buffer.from(
    '{"delay":75,"origin":"SFO","to":{"city":"New York"},"legs":[1,"x"],"cancelled":false,"note":null}',
  ),
  headers: [{ key: 'trace-id', value: Buffer.from('abc') }],
}

const NONE = { key: undefined, grep: undefined, where: undefined, sample: undefined }
const matches = (where: string, record = FLIGHT): boolean =>
  recordFilter({ ...NONE, where })?.(record) ?? false

describe('--where', () => {
  const meant = [
    'value.delay > 60',
    'value.delay >= 75 && value.delay <= 75',
    'value.delay == "75"',
    "key == 'SFO'",
    'key startsWith "S" && key endsWith "O" && key contains "F"',
    '!value.cancelled',
    'value.note == null',
    'value.missing == null',
    'value.to.city contains "York"',
    'value["to"]["city"] == "New York"',
    'value.legs[0] == 1',
    'headers["trace-id"] == "abc"',
    'headers.trace-id == "abc"',
    'offset == 41 && partition == 2 && topic == "flights" && timestamp > 978307199999',
    '(value.delay < 10 || value.origin == "SFO") && !(key == "LAX")',
    'value.delay',
    'value contains "origin"',
    '!!value.delay',
    '-1 < value.delay',
    'value.delay>6e1',
    'true',
  ]
  for (const where of meant) it(`means this record: ${where}`, () => expect(matches(where)).toBe(true))

  const notMeant = [
    'value.delay > 75',
    'value.delay > "x"',
    'value.delay < value.origin',
    'value.origin == 75',
    'value.cancelled',
    'value.note',
    'value.constructor',
    'value.to.city.length > 1 && false',
    'value.__proto__.x',
    'key == "sfo"',
    'false || null',
  ]
  for (const where of notMeant) it(`does not mean it: ${where}`, () => expect(matches(where)).toBe(false))

  it('tells integers apart that a double does not', () => {
    const flight = {
      ...FLIGHT,
      value: Buffer.from('{"id":1234567890123456789,"text":"1234567890123456789","n":1}'),
    }
    for (const where of [
      'value.id == 1234567890123456789',
      'value.id == value.text',
      'value.id > 1234567890123456788',
    ])
      expect(matches(where, flight)).toBe(true)
    for (const where of [
      'value.id == 1234567890123456788',
      'value.text == 1234567890123456788',
      'value.id < 1e18',
    ])
      expect(matches(where, flight)).toBe(false)
    expect(matches('value.n < 1234567890123456789 && value.n > -1234567890123456789', flight)).toBe(true)
    expect(matches('value', { ...FLIGHT, value: Buffer.from('9'.repeat(100_000)) })).toBe(true)
  })

  it('reads plain values too', () => {
    expect(matches('value > 5', { ...FLIGHT, value: Buffer.from('7') })).toBe(true)
    expect(matches('value == "seven"', { ...FLIGHT, value: Buffer.from('seven') })).toBe(true)
    expect(matches('value.x == 1', { ...FLIGHT, value: Buffer.from('no json {') })).toBe(false)
    expect(matches('value == null', { ...FLIGHT, value: null })).toBe(true)
  })

  const wrong: [where: string, reason: RegExp][] = [
    ['', /something is missing at the end/],
    ['value.delay >', /something is missing at the end/],
    ['delay > 60', /there is no "delay"; there are value, key/],
    ['value.delay > 60)', /at character 17: "\)" was not expected/],
    ['(value.delay > 60', /a "\)" is missing/],
    ['value.', /a field is missing/],
    ['value[delay]', /a field is missing/],
    ['value = 3', /"= 3" means nothing here/],
    ['process.exit(1)', /there is no "process"/],
    ['key == "unfinished', /means nothing here/],
    ['('.repeat(200), /nested too deeply/],
  ]
  for (const [where, reason] of wrong) {
    it(`refuses ${where.slice(0, 30)}`, () => expect(() => matches(where)).toThrow(reason))
  }

  it('reads or refuses any text, and never does anything else', () => {
    const piece = fc.constantFrom(
      'value',
      '.',
      'x',
      '==',
      '"a"',
      '(',
      ')',
      '&&',
      '||',
      '!',
      '1',
      '[',
      ']',
      ' ',
      '<',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (where) => {
          try {
            expect(typeof matches(where)).toBe('boolean')
          } catch (error) {
            expect(error).toMatchObject({ name: 'CommandError' })
          }
        },
      ),
    )
  })
})

describe('the other filters', () => {
  it('--key is the whole key, --grep a pattern in the value', () => {
    expect(recordFilter({ ...NONE, key: 'SFO' })?.(FLIGHT)).toBe(true)
    expect(recordFilter({ ...NONE, key: 'SF' })?.(FLIGHT)).toBe(false)
    expect(recordFilter({ ...NONE, grep: 'New Y.rk' })?.(FLIGHT)).toBe(true)
    expect(recordFilter({ ...NONE, grep: 'Boston' })?.(FLIGHT)).toBe(false)
    expect(recordFilter({ ...NONE, grep: '.' })?.({ ...FLIGHT, value: null })).toBe(false)
    expect(() => recordFilter({ ...NONE, grep: '(' })).toThrow(/^--grep \(: /)
  })

  it('--sample takes one in so many of those that the others let through', () => {
    const filter = recordFilter({ ...NONE, key: 'SFO', sample: 3 })
    const other = { ...FLIGHT, key: Buffer.from('LAX') }
    const seen = [FLIGHT, other, FLIGHT, FLIGHT, other, FLIGHT, FLIGHT].map((record) => filter?.(record))
    expect(seen).toEqual([true, false, false, false, false, true, false])
  })

  it('are none when nothing is asked', () => expect(recordFilter(NONE)).toBeNull())
})
