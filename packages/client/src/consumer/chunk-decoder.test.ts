import { zstdCompressSync } from 'node:zlib'
import { BATCH_HEADER_BYTES, buildBatch, Compression, crc32c, json } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../client-limits.ts'
import { walkBatches } from './batch-walk.ts'
import { type Chunk, ChunkDecoder } from './chunk-decoder.ts'

const SOURCE = { topic: 'flights', partition: 3 }

function batch(baseOffset: number, values: string[], fields: Parameters<typeof buildBatch>[1] = {}): Buffer {
  const records = values.map((value) => ({ key: null, value, timestampMs: 5 }))
  return buildBatch(records, { baseOffset, ...fields })
}

/** The control batch that ends a transaction. */
function marker(baseOffset: number, producerId: number, type: 'abort' | 'commit'): Buffer {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1])
  const record = { key, value: Buffer.alloc(6), timestampMs: 5 }
  return buildBatch([record], {
    baseOffset,
    producerId,
    producerEpoch: 0,
    isControl: true,
    isTransactional: true,
  })
}

function transactional(baseOffset: number, producerId: number, values: string[]): Buffer {
  return batch(baseOffset, values, { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true })
}

/** A batch with this codec whose records are these bytes, whatever they may be. */
function bomb(codec: number, records: Buffer): Buffer {
  const bytes = Buffer.concat([batch(0, ['a']).subarray(0, BATCH_HEADER_BYTES), records])
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt16BE(codec, 21)
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  return bytes
}

function decode(bytes: Buffer, options: Partial<Chunk> = {}): string[] {
  const decoder = new ChunkDecoder({ source: SOURCE, bytes, fromOffset: 0, aborted: [], ...options })
  const found: string[] = []
  while (!decoder.isDone)
    found.push(...decoder.next().records.map(({ offset, value }) => `${offset}:${value}`))
  return found
}

describe('a chunk', () => {
  it('gives the records of each batch with their place', () => {
    const bytes = Buffer.concat([batch(10, ['a', 'b']), batch(12, ['c'], { compression: 3 })])
    expect(decode(bytes)).toEqual(['10:a', '11:b', '12:c'])
    const [record] = new ChunkDecoder({ source: SOURCE, bytes, fromOffset: 0, aborted: [] }).next().records
    expect(record).toMatchObject({ topic: 'flights', partition: 3, offset: 10, timestampMs: 5, key: null })
  })

  it.each(['none', 'gzip'] as const)('gives a long batch in parts, each record once (%s)', (compression) => {
    const values = Array.from({ length: LIMITS.recordsPerStep * 2 }, (_, i) => String(i))
    const bytes = Buffer.concat([
      batch(10, values, { compression: Compression[compression] }),
      batch(10 + values.length, ['last']),
    ])
    const decoder = new ChunkDecoder({ source: SOURCE, bytes, fromOffset: 0, aborted: [] })
    const steps = []
    while (!decoder.isDone) steps.push(decoder.next())
    expect(steps.map(({ records, nextOffset }) => [records.length, nextOffset])).toEqual([
      [LIMITS.recordsPerStep, 10 + LIMITS.recordsPerStep],
      [LIMITS.recordsPerStep, 10 + values.length],
      [0, 10 + values.length],
      [1, 11 + values.length],
    ])
    expect(steps.flatMap(({ records }) => records.map(({ value }) => String(value)))).toEqual([
      ...values,
      'last',
    ])
  })

  it('leaves out what lies before the offset asked for', () => {
    expect(decode(batch(10, ['a', 'b', 'c']), { fromOffset: 12 })).toEqual(['12:c'])
  })

  it('decodes by codecs, and nothing that lies behind the end', () => {
    const bytes = batch(10, ['1', '2', 'no JSON'])
    const chunk = { source: SOURCE, bytes, fromOffset: 0, aborted: [] }
    const untilMs = Number.POSITIVE_INFINITY
    const { records, isAtEnd } = new ChunkDecoder(
      chunk,
      { value: json<number>() },
      { end: 12, untilMs },
    ).next()
    expect(records.map(({ key, value }) => [key, value])).toEqual([
      [null, 1],
      [null, 2],
    ])
    expect(isAtEnd).toBe(true)
    expect(() => new ChunkDecoder(chunk, { value: json<number>() }).next()).toThrow(
      'the record at offset 12 of flights/3 cannot be decoded',
    )
    expect(new ChunkDecoder(chunk, {}, { end: 99, untilMs: 5 }).next()).toMatchObject({
      records: [],
      isAtEnd: true,
    })
  })

  it('leaves out control batches, and transactions that were aborted', () => {
    const bytes = Buffer.concat([
      transactional(0, 7, ['aborted']),
      transactional(1, 8, ['committed']),
      batch(2, ['plain']),
      marker(3, 7, 'abort'),
      transactional(4, 7, ['after']),
      marker(5, 8, 'commit'),
      marker(6, 7, 'commit'),
    ])
    expect(decode(bytes, { aborted: [{ producerId: 7, firstOffset: 0 }] })).toEqual([
      '1:committed',
      '2:plain',
      '4:after',
    ])
    expect(decode(bytes)).toEqual(['0:aborted', '1:committed', '2:plain', '4:after'])
  })

  it('is refused with its place when a bit has flipped', () => {
    const bytes = batch(10, ['value'])
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 2) ^ 1, bytes.length - 2)
    expect(() => decode(bytes)).toThrow('the batch at offset 10 of flights/3: the CRC does not fit the bytes')
  })

  it('is refused when it would become larger than memory is for', () => {
    // A preamble that claims 2 GiB, and a frame that really has that many: nothing of either may be allocated first.
    const snappy = bomb(2, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07, 0x00]))
    const zstd = bomb(4, zstdCompressSync(Buffer.alloc(LIMITS.maxDecompressedBytes + 1)))
    // The buffers of this thread: what other tests do beside it counts into the memory of the process.
    const beforeBytes = process.memoryUsage().arrayBuffers
    expect(() => decode(snappy)).toThrow('the batch at offset 0 of flights/3')
    expect(() => decode(zstd)).toThrow('the batch at offset 0 of flights/3')
    expect(process.memoryUsage().arrayBuffers - beforeBytes).toBeLessThan(2 * LIMITS.maxDecompressedBytes)
  })

  it('takes the time of the broker where the topic says so', () => {
    const bytes = batch(0, ['a'], { timestampType: 1 })
    const [record] = new ChunkDecoder({ source: SOURCE, bytes, fromOffset: 0, aborted: [] }).next().records
    expect(record?.timestampMs).toBe(5)
  })
})

describe('how far whole batches reach', () => {
  it('is behind the last of them; one that is cut off is left for the next fetch', () => {
    const whole = Buffer.concat([batch(0, ['a', 'b']), batch(2, ['c'])])
    const cut = Buffer.concat([whole, batch(3, ['d']).subarray(0, 65)])
    expect(walkBatches(cut, 0)).toEqual({ sizeBytes: whole.length, nextOffset: 3, lastEpoch: -1 })
  })

  it('is refused when there is none', () => {
    expect(() => walkBatches(batch(0, ['a']).subarray(0, 65), 0)).toThrow('no whole batch')
  })

  it('is refused when offsets go back, which would never end', () => {
    expect(() => walkBatches(batch(0, ['a']), 5)).toThrow(
      'a batch that ends at 0 where offset 5 was expected',
    )
    expect(() => walkBatches(Buffer.concat([batch(5, ['a']), batch(3, ['b'])]), 5)).toThrow(
      'offset 6 was expected',
    )
  })

  it('is refused when a length is a lie', () => {
    const bytes = batch(0, ['a'])
    bytes.writeInt32BE(-40, 8)
    expect(() => walkBatches(bytes, 0)).toThrow('a batch of -28 bytes')
  })
})
