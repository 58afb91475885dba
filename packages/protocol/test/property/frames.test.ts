import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameSplitter } from '../../src/index.ts'
import { buffers } from './arbitrary-message.ts'

function frame(body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

test('frames come out whole and in order, however the stream was cut', () => {
  const bodies = fc.array(buffers({ minLength: 1, maxLength: 12_000 }), { maxLength: 6 })
  const cuts = fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(bodies, cuts, (expected, sizes) => {
      const stream = Buffer.concat(expected.map(frame))
      const splitter = new FrameSplitter({ maxFrameBytes: 12_000 })
      const received: Buffer[] = []
      for (let position = 0, turn = 0; position < stream.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1
        splitter.push(Buffer.from(stream.subarray(position, position + size)))
        position += size
        for (let body = splitter.next(); body !== null; body = splitter.next()) received.push(body)
      }
      expect(received).toEqual(expected)
      expect(splitter.pendingBytes).toBe(0)
    }),
  )
})
