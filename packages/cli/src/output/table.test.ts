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

it('a table without rows is nothing', () => {
  expect(formatTable(['A'], [])).toBe('')
})
