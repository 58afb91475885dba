import { describe, expect, it } from 'vitest'
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts'
import { type ProducerBatchHeader, ProducerStates } from './producer-state.ts'

const LAST_SEQUENCE = 0x7fff_ffff

function header(baseSequence: number, count = 1, producerEpoch = 0): ProducerBatchHeader {
  return {
    producerId: 7,
    producerEpoch,
    baseSequence,
    lastOffsetDelta: count - 1,
    maxTimestampMs: 1_000,
    isTransactional: false,
    isControl: false,
  }
}

/** Appends batches one behind the other from offset 0, and returns the next offset. */
function appended(states: ProducerStates, headers: readonly ProducerBatchHeader[]): number {
  let nextOffset = 0
  for (const batch of headers) {
    nextOffset += batch.lastOffsetDelta + 1
    states.update(batch, nextOffset - 1)
  }
  return nextOffset
}

describe('ProducerStates', () => {
  it('accepts any first sequence of a producer that it does not know', () => {
    expect(new ProducerStates().check(header(17)).kind).toBe('new')
  })

  it('accepts the next sequence, and refuses a gap', () => {
    const states = new ProducerStates()
    appended(states, [header(0, 3)])
    expect(states.check(header(3)).kind).toBe('new')
    expect(states.check(header(4))).toMatchObject({ kind: 'rejected', reason: 'out-of-order-sequence' })
  })

  it('recognises each of the last five batches with its own offsets, and nothing older', () => {
    const states = new ProducerStates()
    appended(
      states,
      [0, 2, 4, 6, 8, 10].map((sequence) => header(sequence, 2)),
    )
    for (const [index, sequence] of [2, 4, 6, 8, 10].entries()) {
      const batch = { lastOffset: 3 + index * 2, offsetDelta: 1 }
      expect(states.check(header(sequence, 2))).toMatchObject({ kind: 'duplicate', batch })
    }
    expect(states.check(header(0, 2)).kind).toBe('rejected')
  })

  it('keeps five written batches, however many are queued behind them', () => {
    const states = new ProducerStates()
    appended(
      states,
      [0, 1, 2, 3, 4, 5].map((sequence) => header(sequence)),
    )
    for (let sequence = 6; sequence < 20; sequence++) states.update(header(sequence), sequence, 6)
    const restored = new ProducerStates()
    for (const entry of decodeProducerSnapshot(encodeProducerSnapshot(states.entries(), 6)) ?? []) {
      restored.restore(entry)
    }
    states.truncateFrom(6)
    for (const known of [states, restored]) {
      expect([1, 2, 3, 4, 5].map((sequence) => known.check(header(sequence)).kind)).toEqual(
        Array(5).fill('duplicate'),
      )
      expect(known.check(header(6)).kind).toBe('new')
    }
  })

  it('leaves a producer out of a snapshot that ends before its first batch', () => {
    const states = new ProducerStates()
    states.update(header(40), 6, 0)
    expect(decodeProducerSnapshot(encodeProducerSnapshot(states.entries(), 6))).toEqual([])
  })

  it('does not take a batch of another size for a duplicate', () => {
    const states = new ProducerStates()
    appended(states, [header(0, 3)])
    expect(states.check(header(0, 2)).kind).toBe('rejected')
  })

  it('wraps from the last sequence to zero, between batches and within one', () => {
    const states = new ProducerStates()
    appended(states, [header(LAST_SEQUENCE)])
    expect(states.check(header(0)).kind).toBe('new')
    const within = new ProducerStates()
    appended(within, [header(LAST_SEQUENCE - 1, 4)])
    expect(within.check(header(2)).kind).toBe('new')
    expect(within.check(header(LAST_SEQUENCE - 1, 4)).kind).toBe('duplicate')
  })

  it('lets a new epoch begin at sequence zero only, and fences the old one', () => {
    const states = new ProducerStates()
    appended(states, [header(0), header(1)])
    expect(states.check(header(2, 1, 1))).toMatchObject({ reason: 'out-of-order-sequence' })
    expect(states.check(header(0, 1, 1)).kind).toBe('new')
    states.update(header(0, 1, 1), 2)
    expect(states.check(header(2, 1, 0))).toMatchObject({ reason: 'invalid-producer-epoch' })
    expect(states.check(header(1, 1, 1)).kind).toBe('new')
  })

  it('takes batches back from an offset on', () => {
    const states = new ProducerStates()
    appended(states, [header(0), header(1), header(2)])
    states.truncateFrom(1)
    expect(states.check(header(1)).kind).toBe('new')
    states.truncateFrom(0)
    expect(states.count).toBe(0)
  })

  it('forgets producers that were silent for long, but none with an open transaction', () => {
    const states = new ProducerStates()
    appended(states, [header(0)])
    expect(states.expire(2_000, 1_000)).toBe(0)
    expect(states.expire(2_001, 1_000)).toBe(1)
    appended(states, [header(0)])
    const [entry] = states.entries()
    if (entry !== undefined) entry.currentTransactionFirstOffset = 0
    expect(states.expire(9_999, 1_000)).toBe(0)
  })
})

describe('producer snapshot', () => {
  function snapshotOf(states: ProducerStates, nextOffset: number): ProducerStates | null {
    const entries = decodeProducerSnapshot(encodeProducerSnapshot(states.entries(), nextOffset))
    if (entries === null) return null
    const restored = new ProducerStates()
    for (const entry of entries) restored.restore(entry)
    return restored
  }

  it('keeps the last five batches of every producer', () => {
    const states = new ProducerStates()
    const nextOffset = appended(
      states,
      [0, 2, 4, 6, 8, 10].map((sequence) => header(sequence, 2)),
    )
    states.update({ ...header(5, 1, 3), producerId: 8 }, nextOffset)
    const restored = snapshotOf(states, nextOffset + 1)
    for (const { producerId, epoch, batches } of states.entries()) {
      expect(restored?.get(producerId)).toMatchObject({ epoch, batches })
    }
  })

  it('leaves out batches that were only queued', () => {
    const states = new ProducerStates()
    appended(states, [header(0), header(1), header(2)])
    expect(snapshotOf(states, 2)?.check(header(2)).kind).toBe('new')
  })

  it('gives the last batch of each producer when Kafka wrote it', () => {
    const states = new ProducerStates()
    appended(states, [header(LAST_SEQUENCE - 1, 4)])
    const bytes = encodeProducerSnapshot(states.entries(), 4)
    // Without our trailer: 4 bytes of tag, a count and one batch.
    const kafkas = Buffer.from(bytes.subarray(0, bytes.length - 33))
    expect(decodeProducerSnapshot(withCrc(kafkas))?.[0]).toMatchObject({
      epoch: 0,
      batches: [{ firstSequence: LAST_SEQUENCE - 1, lastSequence: 1, lastOffset: 3, offsetDelta: 3 }],
    })
  })

  it('notices every flipped byte and every cut', () => {
    const states = new ProducerStates()
    appended(states, [header(0), header(1)])
    const bytes = encodeProducerSnapshot(states.entries(), 2)
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes)
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at)
      expect(decodeProducerSnapshot(flipped)).toBeNull()
      expect(decodeProducerSnapshot(bytes.subarray(0, at))).toBeNull()
    }
  })
})

function withCrc(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crcOf(bytes.subarray(6)), 2)
  return bytes
}

/** CRC-32C, bit by bit. */
function crcOf(bytes: Buffer): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0)
  }
  return ~crc >>> 0
}
