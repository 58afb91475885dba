import type { ConsumerRecord } from '@millrace/client'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { OutputBuffer } from '../output/output-buffer.ts'
import { formatTime } from '../output/units.ts'
import { fold, prettyFormat } from './pretty-format.ts'
import { printable } from './printable.ts'

const RECORD: ConsumerRecord = {
  topic: 'flights',
  partition: 2,
  offset: 41,
  timestampMs: Date.now(),
  key: Buffer.from('SFO'),
  value: Buffer.from('{"delay":75}'),
  headers: [],
}

async function shown(record: ConsumerRecord, columns = 80, options = {}): Promise<string[]> {
  const written: Buffer[] = []
  const out = new OutputBuffer(async (data) => void written.push(data))
  prettyFormat({ columns: () => columns, hasColours: false, showsTopic: false, ...options })(record, out)
  await out.flush()
  return Buffer.concat(written).toString().trimEnd().split('\n')
}

describe('a record on a terminal', () => {
  it('is time, place, key and value', async () => {
    const [line] = await shown(RECORD)
    expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}2:41 {2}SFO {2}\{"delay":75\}$/)
    expect((await shown(RECORD, 80, { showsTopic: true }))[0]).toContain('flights/2:41')
  })

  it('goes on below its beginning when it is long, and is cut short when it is very long', async () => {
    const lines = await shown({ ...RECORD, value: Buffer.from('x'.repeat(150)) })
    expect(lines).toHaveLength(3)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
    expect(lines[1]).toMatch(/^ {25}x+$/)
    const many = await shown({ ...RECORD, value: Buffer.from('x'.repeat(1_000_000)) })
    expect(many).toHaveLength(7)
    expect(many.at(-1)).toContain('... 1000000 bytes')
  })

  it('goes below its place where there is no room beside it', async () => {
    const lines = await shown({ ...RECORD, value: Buffer.from('日本'.repeat(20)) }, 40)
    expect(lines).toHaveLength(4)
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(40)
    expect(lines.slice(1)).toEqual([
      `  ${'日本'.repeat(9)}日`,
      expect.stringMatching(/^ {2}本/),
      expect.anything(),
    ])
    expect(await shown({ ...RECORD, value: Buffer.from('short') }, 40)).toHaveLength(1)
  })

  it('never lets a value steer the terminal', async () => {
    const value = Buffer.from('a\x1b[2J\x07\r\n\u009b31m\u202eb')
    const lines = await shown({ ...RECORD, value })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('a\\x1b[2J\\x07\\x0d\\n\\x9b31m\\u202eb')
  })

  it('shows bytes that are no text in hex, and null as such', async () => {
    expect(printable(Buffer.from([0xff, 0x00]))).toBe('ff00')
    expect((await shown({ ...RECORD, value: null, key: null }))[0]).toMatch(/2:41 {2}\(null\)$/)
  })

  it('has colours only when they are wanted', async () => {
    expect((await shown(RECORD, 80, { hasColours: true }))[0]).toContain('\x1b[36mSFO')
  })
})

describe('folding', () => {
  it('counts wide characters as two columns, and cuts none in half', () => {
    const lines = fold('日本語テキスト', 5)
    expect(lines).toEqual(['日本', '語テ', 'キス', 'ト'])
    for (const line of fold('👨‍👩‍👧‍👦'.repeat(7), 5)) expect(stringWidth(line)).toBeLessThanOrEqual(5)
  })
})

describe('a time', () => {
  it('has its day when that is not today', () => {
    const now = new Date(2026, 4, 20, 12).getTime()
    expect(formatTime(new Date(2026, 4, 20, 9, 5, 3, 7).getTime(), now)).toBe('09:05:03.007')
    expect(formatTime(new Date(2026, 4, 19, 9, 5, 3, 7).getTime(), now)).toBe('2026-05-19 09:05:03.007')
    expect(formatTime(-1, now).trim()).toBe('-')
    expect(formatTime(Number.MAX_SAFE_INTEGER, now)).toBe('9007199254740991')
  })
})
