import { describe, expect, it } from 'vitest'
import { LineSplitter } from './line-splitter.ts'

function split(...chunks: string[]): string[] {
  const splitter = new LineSplitter()
  const lines = chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk)))
  const last = splitter.end()
  return [...lines, ...(last === null ? [] : [last])].map(String)
}

describe('lines', () => {
  it('end at a line feed', () => expect(split('a\nb\n')).toEqual(['a', 'b']))
  it('may lack the last one', () => expect(split('a\nb')).toEqual(['a', 'b']))
  it('may be empty', () => expect(split('\n\na\n')).toEqual(['', '', 'a']))
  it('keep their carriage return', () => expect(split('a\r\n')).toEqual(['a\r']))
  it('come out of none when there is no input', () => expect(split('', '')).toEqual([]))

  it('are the same however the input is cut', () => {
    const text = 'one\n\ntwo three\nvier\n'
    for (let at = 0; at <= text.length; at++) {
      for (let then = at; then <= text.length; then++) {
        const parts = [text.slice(0, at), text.slice(at, then), text.slice(then)]
        expect(split(...parts)).toEqual(['one', '', 'two three', 'vier'])
      }
    }
  })
})
