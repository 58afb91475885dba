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

  it('says what is wrong with a row, and reads on behind it', () => {
    const rows = (bytes: Buffer): string[] => {
      const reader = new CsvReader()
      return [...reader.push(bytes), ...reader.end()].map(
        ({ bytes, fault, fields, line }) =>
          `${line} ${fault ?? fields.join('|')} <${bytes.toString('latin1')}>`,
      )
    }
    expect(rows(Buffer.from('a\n"x\ny"z\r\nb,"c"'))).toEqual([
      '1 a <a>',
      '2 "z" behind a closing quote <"x\ny"z>',
      '4 b|c <b,"c">',
    ])
    expect(rows(Buffer.from('a\nb\n"never\nends'))).toEqual([
      '1 a <a>',
      '2 b <b>',
      '3 the quote that begins here has no end <"never\nends>',
    ])
    expect(rows(Buffer.from([0x61, 0xff, 0x0a, 0x62]))).toEqual(['1 it is not UTF-8 <a\xff>', '2 b <b>'])
  })

  it('gives the rows before one that has no end, and then gives up', () => {
    const reader = new CsvReader()
    expect(
      reader.push(Buffer.from(`a\n"${'x'.repeat(17 * 1024 * 1024)}`)).map(({ fields }) => fields),
    ).toEqual([['a']])
    expect(reader.failure?.message).toMatch(/^line 2: a row of more than \d+ bytes/)
    expect([...reader.push(Buffer.from('"\nb\n')), ...reader.end()]).toEqual([])
  })

  it('may have a delimiter of several characters', () => {
    const reader = new CsvReader('||')
    expect(reader.push(Buffer.from('a||"b||"||\n')).map(({ fields }) => fields)).toEqual([['a', 'b||', '']])
  })

  it('tells on which line a row begins', () => {
    const reader = new CsvReader()
    expect(reader.push(Buffer.from('h\n"a\nb"\nc\n')).map(({ line }) => line)).toEqual([1, 2, 4])
  })
})
