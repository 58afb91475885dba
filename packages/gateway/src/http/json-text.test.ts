import { describe, expect, it } from 'vitest'
import { parseJson } from './json-text.ts'

describe('JSON from outside', () => {
  it.each([
    '12345678901234567890',
    '-12345678901234567890',
    '1234567890123456789.5',
    '1e400',
    '[1,2.5,-3e2,"12345678901234567890",true,null]'.replace('-3e2', '-300'),
    '{"a":{"b":[9007199254740993]}}',
  ])('%s is written again as it was', (text) => {
    expect(JSON.stringify(parseJson('it', text))).toBe(text)
  })

  it('gives numbers as numbers where a double has all of their digits', () => {
    const text = '[1, -2.5, 3e2, 9007199254740991, 0.30000000000000004, 1234567890123456]'
    expect(parseJson('it', text)).toEqual([
      1, -2.5, 300, 9007199254740991, 0.30000000000000004, 1234567890123456,
    ])
  })

  it('says what is no JSON, and not all of it', () => {
    expect(() => parseJson('line 3', 'nonsense')).toThrow(/^line 3 is no JSON: nonsense$/)
    expect(() => parseJson('the body', '')).toThrow(/^the body is no JSON: it is empty$/)
    expect(() => parseJson('it', 'x'.repeat(1_000))).toThrow(/^it is no JSON: x{60}\.\.\.$/)
  })

  it('takes what is nested 200 deep, and no more', () => {
    const lists = (depth: number, innermost = ''): string => '['.repeat(depth) + innermost + ']'.repeat(depth)
    expect(JSON.stringify(parseJson('it', lists(200)))).toBe(lists(200))
    for (const text of [
      lists(201),
      lists(3_000),
      lists(20_000, '12345678901234567890'),
      `{"a":${lists(200)}}`,
    ]) {
      expect(() => parseJson('it', text)).toThrow('it is nested more than 200 deep')
    }
  })
})
