import { describe, expect, it } from 'vitest'
import { unitSplitter } from './input-units.ts'
import { RecordMaker, type RecordOptions } from './record-maker.ts'

const NONE: RecordOptions = {
  keyField: undefined,
  key: undefined,
  timestampField: undefined,
  headers: [],
  partition: undefined,
}
const LINE = Buffer.from(
  '{"origin":"SFO","row":7,"at":{"a":1},"time":978307200000,"iso":"2001-01-01T00:00:00Z","leg":{"to":"LAX"}}',
)
const make = (options: Partial<RecordOptions>, value = LINE) =>
  new RecordMaker({ ...NONE, ...options }).make(value)

describe('a record', () => {
  it('has the input as its value, whatever it is', () => {
    const bytes = Buffer.from([0xff, 0x00])
    expect(make({}, bytes)).toEqual({ value: bytes })
    expect(make({ partition: 3 }, bytes)).toEqual({ value: bytes, partition: 3 })
  })

  it('takes a text field as the key as it is, others as JSON', () => {
    expect(make({ keyField: 'origin' }).key).toBe('SFO')
    expect(make({ keyField: 'row' }).key).toBe('7')
    expect(make({ keyField: 'at' }).key).toBe('{"a":1}')
    expect(make({ keyField: 'leg.to' }).key).toBe('LAX')
    expect(make({ keyField: 'carrier' }).key).toBeNull()
    expect(make({ keyField: 'constructor' }).key).toBeNull()
  })

  it('fills templates for key and headers', () => {
    expect(make({ key: '{origin}-{leg.to}/{row}{nothing}' }).key).toBe('SFO-LAX/7')
    expect(make({ key: 'always {{this}}' }, Buffer.from('no json')).key).toBe('always {this}')
    expect(make({ headers: ['from={origin}', 'kind=flight'] }).headers).toEqual([
      { key: 'from', value: 'SFO' },
      { key: 'kind', value: 'flight' },
    ])
    expect(() => make({ key: '{origin' })).toThrow('--key {origin: a brace without its other half')
  })

  it('takes milliseconds and ISO dates as the time', () => {
    for (const timestampField of ['time', 'iso']) {
      expect(make({ timestampField }).timestampMs).toBe(978307200000)
    }
    expect(() => make({ timestampField: 'origin' })).toThrow(
      'origin is "SFO": expected milliseconds or an ISO date',
    )
    expect(() => make({ timestampField: 'nothing' })).toThrow('nothing is not there')
  })

  it('is refused where fields are asked of what is no JSON object', () => {
    for (const text of ['{"a":', 'null', '3', '']) {
      expect(() => make({ keyField: 'a' }, Buffer.from(text))).toThrow('not a JSON object')
    }
  })
})

describe('input', () => {
  const read = (kind: 'lines' | 'csv' | 'framed', ...chunks: Buffer[]) => {
    const splitter = unitSplitter(kind, ',')
    const units = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()]
    const told = units.map(
      ({ number, bytes, fault }) => `${number}${fault === null ? `: ${bytes}` : `! ${fault}`}`,
    )
    return splitter.failure === null ? told : [...told, splitter.failure.message]
  }

  it('of CSV gives JSON objects, with numbers where they are written as such', () => {
    expect(read('csv', Buffer.from('\ufeffid,zip,price,note\n1,007,2.5,\n2,"10,1",1e3,x\n3\n'))).toEqual([
      '2: {"id":1,"zip":"007","price":2.5,"note":null}',
      '3: {"id":2,"zip":"10,1","price":"1e3","note":"x"}',
      '4! it has 1 fields, and the header 4',
    ])
  })

  it('of CSV goes on behind a bad row, but not without its header', () => {
    expect(read('csv', Buffer.from('a,b\n1,"2"x\n3,4\n'))).toEqual([
      '2! "x" behind a closing quote',
      '3: {"a":3,"b":4}',
    ])
    expect(read('csv', Buffer.from('a,"b"c\n1,2\n'), Buffer.from('3,4\n'))).toEqual([
      'line 1: "c" behind a closing quote',
    ])
  })

  it('of frames is read however it is cut, and refused when it lies', () => {
    const frame = (text: string): Buffer => {
      const bytes = Buffer.from(`    ${text}`)
      bytes.writeInt32BE(bytes.length - 4)
      return bytes
    }
    const all = Buffer.concat([frame('one'), frame(''), frame('two\n')])
    for (let cut = 0; cut <= all.length; cut++) {
      expect(read('framed', all.subarray(0, cut), all.subarray(cut))).toEqual(['1: one', '2: ', '3: two\n'])
    }
    expect(read('framed', all.subarray(0, 9))).toEqual([
      '1: one',
      'frame 2 is cut off: the input ends after 2 bytes of it',
    ])
    expect(
      read('framed', Buffer.concat([frame('one'), Buffer.from('GET / HTTP/1.1')]), frame('two')),
    ).toEqual(['1: one', expect.stringMatching(/^frame 2 claims \d+ bytes/)])
  })
})
