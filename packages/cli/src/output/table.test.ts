import { expect, it } from 'vitest'
import { formatTable } from './table.ts'

it('a table puts numbers to the right and text to the left, without blanks at the end', () => {
  expect(
    formatTable(
      ['TOPIC', 'END', 'MEMBER'],
      [
        ['flights', 7, '-'],
        ['x', 1234, 'me'],
      ],
    ),
  ).toBe(['TOPIC     END  MEMBER', 'flights     7  -', 'x        1234  me', ''].join('\n'))
})

it('a table keeps its columns with wide characters, and lets no cell steer the terminal', () => {
  const rows = [
    ['日本', 1],
    ['e\u0301te', 22],
    ['a\x1b[2J\nb', 3],
  ]
  expect(formatTable(['GROUP', 'LAG'], rows).split('\n')).toEqual([
    'GROUP        LAG',
    '日本           1',
    'e\u0301te           22',
    'a\\x1b[2J\\nb    3',
    '',
  ])
})

it('a table without rows is nothing', () => {
  expect(formatTable(['A'], [])).toBe('')
})
