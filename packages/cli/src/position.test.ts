import { describe, expect, it } from 'vitest'
import { parsePosition } from './position.ts'

/** Local noon, whatever the zone of the machine. */
const NOW = new Date(2026, 4, 20, 12, 0, 0).getTime()
const parse = (text: string): unknown => parsePosition('--from', text, NOW)

describe('a position', () => {
  const rows: [text: string, position: unknown][] = [
    ['beginning', 'beginning'],
    ['end', 'end'],
    ['0', 0],
    ['12345', 12345],
    ['-10', -10],
    ['10m', { time: NOW - 600_000 }],
    ['2h ago', { time: NOW - 7_200_000 }],
    ['@978307200000', { time: 978307200000 }],
    ['2001-01-01T00:00:00Z', { time: 978307200000 }],
    ['2001-01-01T00:00:00.500Z', { time: 978307200500 }],
    ['2001-01-01 00:00:00+01:00', { time: 978303600000 }],
    ['2026-05-19', { time: new Date(2026, 4, 19).getTime() }],
    ['14:00', { time: new Date(2026, 4, 20, 14).getTime() }],
    ['yesterday 14:30', { time: new Date(2026, 4, 19, 14, 30).getTime() }],
    ['yesterday', { time: new Date(2026, 4, 19).getTime() }],
    ['today', { time: new Date(2026, 4, 20).getTime() }],
  ]
  for (const [text, position] of rows) {
    it(`${text} is ${JSON.stringify(position)}`, () => expect(parse(text)).toEqual(position))
  }

  for (const wrong of [
    '',
    'middle',
    '1.5',
    '25:00',
    '2026-13-45T00:00:00Z',
    '2026-02-31',
    '2026-02-31T12:00:00Z',
    '99999999999999999999',
    '-0',
    '10x',
  ]) {
    it(`"${wrong}" is refused with what is expected`, () => {
      expect(() => parse(wrong)).toThrow(`--from ${wrong}: expected beginning, end, an offset`)
    })
  }
})
