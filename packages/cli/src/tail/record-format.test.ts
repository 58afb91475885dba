import type { ConsumerRecord } from '@millrace/client'
import { describe, expect, it } from 'vitest'
import { OutputBuffer } from '../output/output-buffer.ts'
import { formatJson } from './json-format.ts'
import { parseFormat, type RecordFormat, rawFormat } from './record-format.ts'

const RECORD: ConsumerRecord = {
  topic: 'flights',
  partition: 2,
  offset: 41,
  timestampMs: 978307200000,
  key: Buffer.from('SFO'),
  value: Buffer.from([0x61, 0xff, 0x00]),
  headers: [
    { key: 'a', value: Buffer.from('1') },
    { key: 'b', value: null },
  ],
}

async function bytesOf(format: RecordFormat, record: ConsumerRecord = RECORD): Promise<string> {
  const written: Buffer[] = []
  const out = new OutputBuffer(async (data) => void written.push(data))
  format(record, out)
  await out.flush()
  return Buffer.concat(written).toString('latin1')
}

describe('a format', () => {
  const rows: [format: string, bytes: string][] = [
    ['%t/%p/%o', 'flights/2/41'],
    ['%T', '978307200000'],
    ['%k=%v', 'SFO=a\xff\x00'],
    ['%s', 'a\xff\x00'],
    ['%h', 'a=1,b='],
    ['100%%', '100%'],
    ['\\n\\t\\0\\r\\\\', '\n\t\0\r\\'],
    ['\\x1f\\xFF|', '\x1f\xff|'],
    ['%%o', '%o'],
    ['\\\\n', '\\n'],
    ['plain', 'plain'],
    ['', ''],
  ]
  for (const [format, bytes] of rows) {
    it(`${JSON.stringify(format)} gives exactly its bytes`, async () => {
      expect(await bytesOf(parseFormat(format))).toBe(bytes)
    })
  }

  it('gives nothing for a key or value that is null', async () => {
    expect(await bytesOf(parseFormat('<%k%v>'), { ...RECORD, key: null, value: null })).toBe('<>')
  })

  for (const wrong of ['%x', '%', '\\q', '\\', '\\x1', '\\xzz']) {
    it(`refuses ${wrong}, saying what there is`, () => {
      expect(() => parseFormat(wrong)).toThrow(/--format: there is no .*; there are /)
    })
  }
})

describe('raw', () => {
  it('is the value and a line feed', async () => {
    expect(await bytesOf(rawFormat)).toBe('a\xff\x00\n')
    expect(await bytesOf(rawFormat, { ...RECORD, value: null })).toBe('\n')
  })
})

describe('json', () => {
  it('shows JSON as JSON with its digits, text as text, bytes as base64', () => {
    const value = Buffer.from('{"n":12345678901234567890}')
    expect(formatJson({ ...RECORD, value, headers: [] })).toBe(
      '{"topic":"flights","partition":2,"offset":41,"timestamp":978307200000,"key":"SFO","value":{"n":12345678901234567890}}',
    )
    expect(JSON.parse(formatJson(RECORD))).toMatchObject({
      value: { base64: 'Yf8A' },
      headers: [
        { key: 'a', value: '1' },
        { key: 'b', value: null },
      ],
    })
  })

  it('stays on one line', () => {
    const value = Buffer.from('{\n  "a b": [1,\r\n\t12345678901234567890]\n}')
    expect(formatJson({ ...RECORD, value, headers: [] })).toContain(
      '"value":{"a b": [1,12345678901234567890]}}',
    )
    expect(formatJson({ ...RECORD, value: Buffer.from('{broken\n') })).not.toContain('\n')
  })
})

describe('the output', () => {
  it('gathers small pieces, and passes large ones on', async () => {
    const sizes: number[] = []
    const out = new OutputBuffer(async (data) => void sizes.push(data.length))
    for (let i = 0; i < 1000; i++) out.text('0123456789')
    out.bytes(Buffer.alloc(100_000))
    out.byte(1)
    await out.flush()
    expect(sizes).toEqual([10_000, 100_000, 1])
  })

  it('keeps the order across its buffers', async () => {
    const written: Buffer[] = []
    const out = new OutputBuffer(async (data) => void written.push(data))
    const pieces = Array.from({ length: 300 }, (_, i) => `${i}:${'ä'.repeat(i * 7)};`)
    for (const piece of pieces) out.text(piece)
    await out.flush()
    expect(Buffer.concat(written).toString()).toBe(pieces.join(''))
  })
})
