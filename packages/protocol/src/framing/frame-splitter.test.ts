import { expect, test } from 'vitest'
import { FrameError, FrameSplitter } from './frame-splitter.ts'

function frame(body: string): Buffer {
  const bytes = Buffer.alloc(4 + body.length)
  bytes.writeInt32BE(body.length)
  bytes.write(body, 4)
  return bytes
}

function lengthOnly(length: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(length)
  return bytes
}

test('a frame within one chunk is a view of it', () => {
  const splitter = new FrameSplitter({ maxFrameBytes: 10 })
  const chunk = Buffer.concat([frame('one'), frame('two')])
  splitter.push(chunk)
  const first = splitter.next()
  expect(first?.toString()).toBe('one')
  expect(first?.buffer).toBe(chunk.buffer)
  expect(splitter.next()?.toString()).toBe('two')
  expect(splitter.next()).toBeNull()
})

test('a frame that arrives byte by byte is put together', () => {
  const splitter = new FrameSplitter({ maxFrameBytes: 10 })
  for (const byte of frame('hello')) {
    expect(splitter.next()).toBeNull()
    splitter.push(Buffer.of(byte))
  }
  expect(splitter.next()?.toString()).toBe('hello')
  expect(splitter.pendingBytes).toBe(0)
})

test.each([0, -1, -0x8000_0000, 11, 0x7fff_ffff])(
  'a length of %i is refused before anything is allocated',
  (length) => {
    const splitter = new FrameSplitter({ maxFrameBytes: 10 })
    const before = process.memoryUsage().arrayBuffers
    splitter.push(lengthOnly(length))
    expect(() => splitter.next()).toThrow(FrameError)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000)
  },
)

test('a refused length stays refused, whatever follows', () => {
  const splitter = new FrameSplitter({ maxFrameBytes: 10 })
  splitter.push(lengthOnly(11))
  expect(() => splitter.next()).toThrow('frame of 11 bytes, expected 1 to 10')
  splitter.push(frame('fine'))
  expect(() => splitter.next()).toThrow(FrameError)
})

test('the longest frame allowed passes', () => {
  const splitter = new FrameSplitter({ maxFrameBytes: 10 })
  splitter.push(frame('0123456789'))
  expect(splitter.next()?.length).toBe(10)
})

test('an announced frame allocates only for bytes that came', () => {
  const splitter = new FrameSplitter({ maxFrameBytes: 100_000_000 })
  const before = process.memoryUsage().arrayBuffers
  splitter.push(lengthOnly(100_000_000))
  expect(splitter.next()).toBeNull()
  const pushed = 20_000
  for (let count = 0; count < pushed; count++) splitter.push(Buffer.of(count & 0xff))
  expect(splitter.next()).toBeNull()
  expect(splitter.pendingBytes).toBe(pushed)
  // Twenty thousand writes of one byte are gathered in one block, not kept as twenty thousand buffers.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300_000)
})
