import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { writeBatchCrc } from '../src/batch-stamp.ts'
import {
  buildBatch,
  Compression,
  type CompressionId,
  compress,
  decompress,
  decompressAsync,
  validateProducedBatch,
} from '../src/index.ts'

const LIMIT = 1_000_000
const MEBIBYTE = 1024 * 1024
const zeros = Buffer.alloc(64 * MEBIBYTE)
const tooLarge = expect.objectContaining({ name: 'CorruptBatchError', code: 'TOO_LARGE' })

/** A block that decompresses to 16 MiB of zeros, a match of offset 1 whose length goes on in bytes of 255. */
function lz4Bomb(): Buffer {
  const frame = compress(Compression.lz4, Buffer.alloc(65536))
  const block = frame.subarray(7, frame.length - 4)
  return Buffer.concat([frame.subarray(0, 7), ...Array.from({ length: 1024 }, () => block), Buffer.alloc(4)])
}

const bombs: readonly (readonly [string, CompressionId, Buffer])[] = [
  ['gzip', 1, gzipSync(zeros)],
  [
    'gzip of many members',
    1,
    Buffer.concat(Array.from({ length: 64 }, () => gzipSync(Buffer.alloc(MEBIBYTE)))),
  ],
  ['snappy', 2, compress(Compression.snappy, zeros)],
  ['lz4', 3, lz4Bomb()],
  ['zstd', 4, zstdCompressSync(zeros)],
]

describe.each(bombs)('a bomb of %s', (_name, compression, bomb) => {
  it('is small and would be large', async () => {
    expect(bomb.length).toBeLessThan(4 * MEBIBYTE)
    expect(decompress(compression, bomb, 64 * MEBIBYTE)).toHaveLength(64 * MEBIBYTE)
    expect(await decompressAsync(compression, bomb, 64 * MEBIBYTE)).toHaveLength(64 * MEBIBYTE)
  })

  it('is refused above the limit', async () => {
    expect(() => decompress(compression, bomb, LIMIT)).toThrow(tooLarge)
    await expect(decompressAsync(compression, bomb, LIMIT)).rejects.toThrow(tooLarge)
  })

  it('is refused inside a batch', () => {
    const honest = buildBatch([{ key: null, value: null, timestampMs: 0 }])
    const batch = Buffer.concat([honest.subarray(0, 61), bomb])
    batch.writeInt32BE(batch.length - 12, 8)
    batch.writeInt16BE(compression, 21)
    writeBatchCrc(batch, 0, batch.length)
    const result = validateProducedBatch(batch, 0, {
      maxMessageBytes: 64 * MEBIBYTE,
      requireKey: false,
      timestampType: 0,
      timestampBeforeMaxMs: Infinity,
      timestampAfterMaxMs: Infinity,
      nowMs: 0,
      maxDecompressedBytes: LIMIT,
    })
    expect(result).toMatchObject({ kind: 'rejected', reason: 'too-large' })
  })
})

describe.each(bombs.filter(([, id]) => id === Compression.gzip || id === Compression.zstd))(
  'a bomb of %s',
  (_name, id, bomb) => {
    it('is stopped by zlib itself, not after it is through', async () => {
      const stopped = expect.objectContaining({
        cause: expect.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' }),
      })
      expect(() => decompress(id, bomb, LIMIT)).toThrow(stopped)
      await expect(decompressAsync(id, bomb, LIMIT)).rejects.toThrow(stopped)
    })
  },
)

describe.each(Object.entries(Compression))('a limit for %s', (_name, compression: CompressionId) => {
  const bytes = Buffer.alloc(100_000, 'as planned; ')
  const compressed = compress(compression, bytes)

  it('lets through exactly as much as it says', async () => {
    expect(decompress(compression, compressed, bytes.length).equals(bytes)).toBe(true)
    expect((await decompressAsync(compression, compressed, bytes.length)).equals(bytes)).toBe(true)
    expect(() => decompress(compression, compressed, bytes.length - 1)).toThrow(tooLarge)
    await expect(decompressAsync(compression, compressed, bytes.length - 1)).rejects.toThrow(tooLarge)
  })

  it('may be zero, for no bytes', () => {
    expect(decompress(compression, compress(compression, Buffer.alloc(0)), 0)).toHaveLength(0)
    expect(() => decompress(compression, compress(compression, Buffer.alloc(1)), 0)).toThrow(tooLarge)
  })
})

describe('what does not decompress', () => {
  it.each(Object.entries(Compression).filter(([, compression]) => compression !== 0))(
    'is refused by %s, at once and later',
    async (_name, compression) => {
      const noise = Buffer.from('this was never compressed by anything')
      const invalid = expect.objectContaining({ name: 'CorruptBatchError', code: 'INVALID_COMPRESSED_DATA' })
      expect(() => decompress(compression, noise, LIMIT)).toThrow(invalid)
      await expect(decompressAsync(compression, noise, LIMIT)).rejects.toThrow(invalid)
    },
  )
})
