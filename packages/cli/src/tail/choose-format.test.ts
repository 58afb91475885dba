import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { OutputBuffer } from '../output/output-buffer.ts'
import { chooseFormat } from './choose-format.ts'

const RECORD = {
  topic: 'a',
  partition: 0,
  offset: 0,
  timestampMs: 0,
  key: null,
  value: Buffer.from('x'),
  headers: [],
}
const wasTerminal = process.stdout.isTTY

beforeEach(() => {
  process.stdout.isTTY = true
  vi.stubEnv('NO_COLOR', '')
  vi.stubEnv('TERM', 'xterm')
})
afterEach(() => {
  process.stdout.isTTY = wasTerminal
  vi.unstubAllEnvs()
})

async function hasColours(): Promise<boolean> {
  const written: Buffer[] = []
  const out = new OutputBuffer(async (data) => void written.push(data))
  const format = await chooseFormat({ format: undefined, output: 'table', showsTopic: false })
  format(RECORD, out)
  await out.flush()
  return Buffer.concat(written).includes('\x1b[')
}

it('columns have colours on a terminal that has them, for who wants them', async () => {
  expect(await hasColours()).toBe(true)
  vi.stubEnv('NO_COLOR', '1')
  expect(await hasColours()).toBe(false)
  vi.stubEnv('NO_COLOR', '')
  vi.stubEnv('TERM', 'dumb')
  expect(await hasColours()).toBe(false)
  vi.stubEnv('TERM', 'xterm')
  process.stdout.isTTY = false
  expect(await hasColours()).toBe(false)
})
