import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  buildBatch,
  type LogRecord,
  readBatchHeader,
  readBatchRecords,
  readRecords,
  scanBatches,
  verifyBatchCrc,
} from '../src/index.ts'

interface GoldenRecord {
  readonly key: string | null
  readonly value: string | null
  readonly timestampMs: number
  readonly headers: readonly (readonly [key: string, value: string | null])[]
}
interface GoldenBatch {
  readonly name: string
  readonly records: string | null
  readonly batch: string
}

function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), 'utf8'))
}
const fromBase64 = (text: string | null) => (text === null ? null : Buffer.from(text, 'base64'))

const recordSets = readGolden<Record<string, readonly GoldenRecord[]>>('records')

function recordsOf(set: string) {
  return (recordSets[set] ?? []).map((record) => ({
    key: fromBase64(record.key),
    value: fromBase64(record.value),
    timestampMs: record.timestampMs,
    headers: record.headers.map(([key, value]) => ({ key, value: fromBase64(value) })),
  }))
}

function golden(encoder: string, name: string): Buffer {
  const found = readGolden<GoldenBatch[]>(encoder).find((candidate) => candidate.name === name)
  return Buffer.from(found?.batch ?? '', 'base64')
}

/** Clients may cut what they were given into several batches. */
function readAll(batches: Buffer): LogRecord[] {
  return [...scanBatches(batches)].flatMap(({ position }) => readBatchRecords(batches, position))
}

describe.each(['java', 'franz-go', 'librdkafka', 'aiokafka', 'kafkajs'])(
  'batches that %s encoded',
  (encoder) => {
    const withRecords = readGolden<GoldenBatch[]>(encoder).filter((batch) => batch.records !== null)

    it.each(withRecords)('reads $name', ({ name, records, batch }) => {
      const bytes = Buffer.from(batch, 'base64')
      const expected = recordsOf(records ?? '')
      const baseOffset = readBatchHeader(bytes).baseOffset
      const appendTimeMs = name === 'log append time' ? 1_700_000_777_000 : null
      expect(readAll(bytes)).toEqual(
        expected.map((record, index) => ({
          ...record,
          offset: baseOffset + index,
          timestampMs: appendTimeMs ?? record.timestampMs,
        })),
      )
      for (const { position, header } of scanBatches(bytes)) {
        expect(verifyBatchCrc(bytes, position, header.sizeBytes)).toBe(true)
      }
    })
  },
)

describe('what we encode without compression', () => {
  it.each([
    ['java', 'none mixed', 'mixed'],
    ['java', 'odd', 'odd'],
    ['franz-go', 'none mixed', 'mixed'],
  ])('equals the bytes of %s for %s', (encoder, name, set) => {
    expect(buildBatch(recordsOf(set)).equals(golden(encoder, name))).toBe(true)
  })

  it('equals the bytes of java with producer state, offset and epoch', () => {
    const built = buildBatch(recordsOf('mixed'), {
      baseOffset: 5_000_000_000,
      producerId: 4_294_967_301,
      producerEpoch: 7,
      baseSequence: 2_147_483_647,
      partitionLeaderEpoch: 9,
    })
    expect(built.equals(golden('java', 'idempotent'))).toBe(true)
  })

  it('equals the bytes of java for a transactional batch', () => {
    const fields = { producerId: 11, producerEpoch: 0, baseSequence: 0, isTransactional: true }
    expect(buildBatch(recordsOf('mixed'), fields).equals(golden('java', 'transactional'))).toBe(true)
  })
})

describe('headers that java wrote', () => {
  it('tells producer state apart', () => {
    expect(readBatchHeader(golden('java', 'idempotent'))).toMatchObject({
      baseOffset: 5_000_000_000,
      lastOffset: 5_000_000_011,
      producerId: 4_294_967_301,
      producerEpoch: 7,
      baseSequence: 2_147_483_647,
      partitionLeaderEpoch: 9,
      recordCount: 12,
      isTransactional: false,
    })
  })

  it('knows the delete horizon, which then is the base timestamp', () => {
    expect(readBatchHeader(golden('java', 'delete horizon'))).toMatchObject({
      hasDeleteHorizon: true,
      baseTimestampMs: 1_700_086_400_000,
      maxTimestampMs: 1_700_000_009_999,
    })
  })

  it('knows log append time', () => {
    expect(readBatchHeader(golden('java', 'log append time'))).toMatchObject({
      timestampType: 1,
      maxTimestampMs: 1_700_000_777_000,
    })
  })

  it('reads the marker of a committed transaction', () => {
    const batch = golden('java', 'control')
    expect(readBatchHeader(batch)).toMatchObject({ isControl: true, isTransactional: true, producerEpoch: 3 })
    const [marker] = [...readRecords(batch)]
    expect(marker?.key).toEqual(Buffer.from('00000001', 'hex')) // version 0, type 1: commit
    expect(marker?.value).toEqual(Buffer.from('000000000004', 'hex')) // version 0, coordinator epoch 4
  })
})
