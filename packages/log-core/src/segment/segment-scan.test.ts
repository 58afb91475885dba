import { buildBatch, readBatchHeader } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import { findGoodBatch } from './batch-search.ts'
import { type ByteSource, scanSegment } from './segment-scan.ts'

const MIB = 1024 * 1024
const OPTIONS = { from: 0, nextOffset: 0, hasGaps: false, minEpoch: -1 }

/** Remembers the largest read. */
class WatchedBytes implements ByteSource {
  readonly #bytes: Buffer
  largestReadBytes = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get sizeBytes(): number {
    return this.#bytes.length
  }

  async readInto(position: number, target: Buffer, length: number): Promise<number> {
    this.largestReadBytes = Math.max(this.largestReadBytes, length)
    return this.#bytes.copy(target, 0, position, position + length)
  }
}

function batchOf(valueBytes: number, baseOffset: number): Buffer {
  return buildBatch([{ key: null, value: Buffer.alloc(valueBytes, 'v'), timestampMs: 1 }], { baseOffset })
}

/** A small batch, one that claims `claimedBytes`, and bytes behind it. */
function claiming(claimedBytes: number, bytesBehind: number): WatchedBytes {
  const liar = batchOf(10, 1)
  liar.writeInt32BE(claimedBytes - 12, 8)
  return new WatchedBytes(Buffer.concat([batchOf(10, 0), liar, Buffer.alloc(bytesBehind)]))
}

describe('scanSegment', () => {
  it('takes no memory for a length that a damaged batch claims', async () => {
    const source = claiming(40 * MIB, 60 * MIB)
    const end = await scanSegment(source, OPTIONS)
    expect(end).toMatchObject({ kind: 'broken', position: batchOf(10, 0).length, nextOffset: 1 })
    expect(source.largestReadBytes).toBeLessThanOrEqual(MIB)
  })

  it('takes none either when the file ends before that length', async () => {
    const source = claiming(40 * MIB, 30 * MIB)
    expect(await scanSegment(source, OPTIONS)).toMatchObject({ kind: 'cut-off', nextOffset: 1 })
    expect(source.largestReadBytes).toBeLessThanOrEqual(MIB)
  })

  it('reads a batch that is as large as it claims', async () => {
    const large = batchOf(20 * MIB, 0)
    const sizes: number[] = []
    const end = await scanSegment(
      new WatchedBytes(Buffer.concat([large, batchOf(10, 1)])),
      OPTIONS,
      ({ header }) => sizes.push(header.sizeBytes),
    )
    expect(end).toMatchObject({ kind: 'end', nextOffset: 2 })
    expect(sizes[0]).toBe(readBatchHeader(large).sizeBytes)
  })
})

describe('findGoodBatch', () => {
  it('finds a batch behind damage, holding a window and no more', async () => {
    const source = claiming(40 * MIB, 60 * MIB)
    expect(await findGoodBatch(source, { from: 1, minOffset: 1 })).toBe(null)
    expect(source.largestReadBytes).toBeLessThan(5 * MIB)
    const large = batchOf(10 * MIB, 7)
    const found = await findGoodBatch(new WatchedBytes(Buffer.concat([Buffer.alloc(100, 2), large])), {
      from: 0,
      minOffset: 1,
    })
    expect(found?.position).toBe(100)
  })
})
