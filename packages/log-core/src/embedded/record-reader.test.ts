import { bytes, string } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import { appendValues, openFixture } from '../testing/log-fixtures.ts'
import { RecordReader } from './record-reader.ts'

const BATCHES = 200
const READ_BYTES = 2_000

/** A reader of a log that lies on disk, and what it holds of it: slices that it was given and has not released. */
async function openReader() {
  const { clock, openLog } = await openFixture({ limits: { tailCacheBytesPerLog: 0 } })
  const log = await openLog()
  for (let i = 0; i < BATCHES; i++) await appendValues(log, [`value ${i}`.padEnd(300, '.')])
  const held = new Set<object>()
  const seen = { slices: 0, mostHeld: 0, largestBytes: 0 }
  const read = log.read.bind(log)
  log.read = async (request) => {
    const slice = await read(request)
    held.add(slice)
    seen.slices++
    seen.mostHeld = Math.max(seen.mostHeld, held.size)
    seen.largestBytes = Math.max(seen.largestBytes, slice.sizeBytes)
    const release = (): void => {
      held.delete(slice)
      slice.release()
    }
    return { ...slice, release }
  }
  const codecs = { key: string(), value: bytes() }
  return { reader: new RecordReader(log, clock, { codecs, options: { maxBytes: READ_BYTES } }), held, seen }
}

describe('a reader', () => {
  it('holds one read and no more, however far it is behind, and gives its memory back', async () => {
    const { reader, held, seen } = await openReader()
    const values: (Buffer | null)[] = []
    for await (const { value } of reader) values.push(value)
    // What it gave is the caller's own: the memory that it was read into is gone by now.
    expect(values.map((value) => String(value).replace(/\.+$/, ''))).toEqual(
      Array.from({ length: BATCHES }, (_, index) => `value ${index}`),
    )
    expect(seen).toMatchObject({ mostHeld: 1 })
    expect(seen.slices).toBeGreaterThan(20)
    expect(seen.largestBytes).toBeLessThanOrEqual(READ_BYTES)
    expect(held.size).toBe(0)
  })

  it('gives back what it has not given when it is left early', async () => {
    const { reader, held } = await openReader()
    for await (const { offset } of reader) if (offset === 3) break
    expect(held.size).toBe(0)
  })
})
