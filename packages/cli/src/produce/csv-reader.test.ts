import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CsvReader } from './csv-reader.ts'

function read(text: string, ...cuts: number[]): string[][] {
  const reader = new CsvReader()
  const bytes = Buffer.from(text)
  const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
  const rows = edges.slice(1).flatMap((end, i) => reader.push(bytes.subarray(edges[i], end)))
  return [...rows, ...reader.end()].map(({ fields }) => [...fields])
}

describe('CSV', () => {
  it('has rows of fields', () => {
    expect(read('a,b\n1,2\r\n3,\n')).toEqual([
      ['a', 'b'],
      ['1', '2'],
      ['3', ''],
    ])
  })

  it('may hold anything inside of quotes', () => {
    expect(read('"a,b","say ""hi""","two\nlines"\nx,"",y')).toEqual([
      ['a,b', 'say "hi"', 'two\nlines'],
      ['x', '', 'y'],
    ])
  })

  it('is the same however it is cut, also in the middle of a character', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', 'ü', '日', ' ') })
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 })
    fc.assert(
      fc.property(table, fc.array(fc.nat(60)), (rows, cuts) => {
        const quoted = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','))
        expect(read(quoted.map((row) => `${row}\n`).join(''), ...cuts)).toEqual(rows)
      }),
    )
  })

  it('names the line that is wrong, counted with the breaks inside of quotes', () => {
    expect(() => read('a\n"x\ny"z\n')).toThrow('line 2: "z" behind a closing quote')
    expect(() => read('a\nb\n"never\nends')).toThrow('line 3: the quote that begins here has no end')
    expect(() => new CsvReader().push(Buffer.from([0x61, 0xff, 0x0a]))).toThrow('not UTF-8')
  })

  it('tells on which line a row begins', () => {
    const reader = new CsvReader()
    expect(reader.push(Buffer.from('h\n"a\nb"\nc\n')).map(({ line }) => line)).toEqual([1, 2, 4])
  })
})
