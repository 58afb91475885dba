import { expect, it } from 'vitest'
import { freeableMemory, freeMemory } from './free-memory.ts'

it('empties a buffer with memory of its own, and every view of that memory', () => {
  for (const sizeBytes of [10, Buffer.poolSize, Buffer.poolSize + 1]) {
    const buffer = Buffer.allocUnsafeSlow(sizeBytes)
    const view = buffer.subarray(1)
    freeMemory(buffer)
    expect([buffer.length, view.length]).toEqual([0, 0])
  }
})

it('empties what is part of memory larger than the pool', () => {
  const frame = Buffer.alloc(Buffer.poolSize + 1)
  freeMemory(frame.subarray(10))
  expect(frame.length).toBe(0)
})

it("leaves Node's pool of small buffers alone, where others live too", () => {
  const largest = Buffer.allocUnsafe((Buffer.poolSize >>> 1) - 1)
  const buffers = [Buffer.from('short'), Buffer.allocUnsafe(10), largest]
  for (const buffer of buffers) freeMemory(buffer)
  expect(buffers.map(({ length }) => length)).toEqual([5, 10, largest.length])
})

it('frees memory that was meant for it, of any size above a few KiB', () => {
  for (const sizeBytes of [4 * 1024, Buffer.poolSize >>> 1, Buffer.poolSize, 2 * Buffer.poolSize]) {
    const memory = freeableMemory(sizeBytes)
    const part = memory.subarray(10, 20)
    expect(memory.length).toBe(sizeBytes)
    freeMemory(part)
    expect(memory.length).toBe(0)
  }
  expect(freeableMemory(10).length).toBe(10)
})
