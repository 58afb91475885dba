import { describe, expect, it } from 'vitest'
import {
  buildBatch,
  Compression,
  type CompressionId,
  CorruptBatchError,
  readBatchRecords,
  scanBatches,
  validateProducedBatch,
} from '../src/index.ts'

const codecs = Object.entries(Compression)
const nowMs = 1_700_000_000_000
const rules = {
  maxMessageBytes: 1_048_588,
  requireKey: false,
  timestampType: 0,
  timestampBeforeMaxMs: Infinity,
  timestampAfterMaxMs: Infinity,
  nowMs,
  maxDecompressedBytes: 100_000,
} as const
const small = (compression: CompressionId) =>
  buildBatch(
    [
      {
        key: 'key',
        value: 'value, value, value',
        timestampMs: nowMs,
        headers: [{ key: 'h', value: 'header' }],
      },
      { key: null, value: 'value, value', timestampMs: nowMs - 70_000 },
      { key: 'key', value: null, timestampMs: nowMs + 1 },
    ],
    { compression },
  )

/** The broker writes these two itself, so no CRC covers them: base offset and partition leader epoch. */
const isCovered = (position: number) => position >= 8 && !(position >= 12 && position < 16)

/** Reads without regard to the CRC, as a hostile batch with a right one would be read. */
function readOrRefuse(batch: Buffer): void {
  try {
    for (const { position } of scanBatches(batch)) {
      readBatchRecords(batch, position, { maxDecompressedBytes: 100_000 })
    }
  } catch (error) {
    expect(error).toBeInstanceOf(CorruptBatchError)
  }
}

describe.each(codecs)('a small batch with %s', (_name, compression: CompressionId) => {
  const batch = small(compression)

  it('is refused when it ends at any byte before its last', () => {
    for (let end = 0; end < batch.length; end++) {
      const result = validateProducedBatch(batch.subarray(0, end), 0, rules)
      expect(result).toMatchObject({ kind: 'rejected', reason: 'corrupt' })
      readOrRefuse(batch.subarray(0, end))
    }
  })

  it('is refused with any bit flipped that its CRC or its header covers', () => {
    for (let position = 0; position < batch.length; position++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(batch)
        damaged.writeUInt8(batch.readUInt8(position) ^ (1 << bit), position)
        readOrRefuse(damaged)
        const result = validateProducedBatch(damaged, 0, rules)
        if (isCovered(position)) expect(result.kind, `bit ${bit} of byte ${position}`).toBe('rejected')
      }
    }
  })

  it('is refused or harmless with any byte replaced by any other', () => {
    for (let position = 57; position < batch.length; position++) {
      for (const value of [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff]) {
        const damaged = Buffer.from(batch)
        damaged.writeUInt8(value, position)
        readOrRefuse(damaged)
      }
    }
  })

  it('is refused or harmless with its length fields set to lies', () => {
    for (const lie of [-(2 ** 31), -1, 0, 1, 48, 49, 50, batch.length, 2 ** 31 - 1]) {
      for (const position of [8, 23, 57]) {
        const damaged = Buffer.from(batch)
        damaged.writeInt32BE(lie, position)
        readOrRefuse(damaged)
      }
    }
  })
})

describe('bytes that are no batch', () => {
  it.each([
    ['an HTTP request', Buffer.from(`GET / HTTP/1.1\r\nHost: localhost\r\n\r\n${'x'.repeat(200)}`)],
    ['zeros', Buffer.alloc(500)],
    ['ones', Buffer.alloc(500, 0xff)],
  ])('are refused: %s', (_what, bytes) => {
    expect(validateProducedBatch(bytes, 0, rules)).toMatchObject({ kind: 'rejected' })
  })
})
