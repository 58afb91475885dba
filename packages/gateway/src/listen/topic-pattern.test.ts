import { expect, it } from 'vitest'
import { matchesPattern } from './topic-pattern.ts'

it.each([
  ['flights', 'flights', true],
  ['flights', '*', true],
  ['flights', 'fl*s', true],
  ['flights', 'f?ights', true],
  ['flights', 'flight', false],
  ['flights', 'lights', false],
  ['a.b.c', 'a.*.c', true],
  ['a.b.c.d', 'a.*.c', false],
  ['', '*', true],
  ['aXbXc', 'a*X?', true],
])('%s fits %s: %s', (name, pattern, expected) => {
  expect(matchesPattern(name, pattern)).toBe(expected)
})

it('takes no longer for a pattern that means harm', () => {
  expect(matchesPattern('a'.repeat(249), `${'*a'.repeat(100)}b`)).toBe(false)
})
