// Writes ../validator-cases.json: batches good and bad, and the topic's rules, for Kafka's LogValidator to judge.
// usage: node --conditions=@millrace/source validator-cases.ts
import { writeFileSync } from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { crc32c } from '../../../src/crc32c.ts'
import { type BatchFields, buildBatch, type RecordInput } from '../../../src/index.ts'

const nowMs = 1_700_000_000_000
const DAY = 86_400_000
const rules = { compacted: false, logAppendTime: false, beforeMaxMs: 10 * DAY, afterMaxMs: 3_600_000, nowMs }
type Rules = typeof rules
interface Case {
  readonly name: string
  readonly rules: Rules
  readonly batch: string
}

const cases: Case[] = []
const records = (
  count: number,
  change: (index: number) => Partial<RecordInput> = () => ({}),
): RecordInput[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `key-${index}`,
    value: `value-${index}`,
    timestampMs: nowMs - index,
    ...change(index),
  }))

function add(name: string, batch: Buffer, changed: Partial<Rules> = {}): void {
  cases.push({ name, rules: { ...rules, ...changed }, batch: batch.toString('base64') })
}

/** Changes bytes of a batch and makes its CRC right again. */
function tampered(batch: Buffer, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(batch)
  change(bytes)
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  return bytes
}

/** The header of a built batch, then a payload of the caller's making. */
function withPayload(batch: Buffer, payload: Buffer, attributes = 0): Buffer {
  const bytes = Buffer.concat([batch.subarray(0, 61), payload])
  bytes.writeInt32BE(bytes.length - 12, 8)
  return tampered(bytes, (tamperedBytes) => tamperedBytes.writeInt16BE(attributes, 21))
}

const CODECS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
for (const [codec, compression] of Object.entries(CODECS)) {
  const build = (input: RecordInput[], fields: BatchFields = {}) =>
    buildBatch(input, { ...fields, compression })
  add(`${codec}: plain`, build(records(5)))
  add(
    `${codec}: count one too high`,
    tampered(build(records(5)), (bytes) => setCount(bytes, 6)),
  )
  add(
    `${codec}: count one too low`,
    tampered(build(records(5)), (bytes) => setCount(bytes, 4)),
  )
  add(
    `${codec}: count differs from offsets`,
    tampered(build(records(5)), (bytes) => bytes.writeInt32BE(7, 23)),
  )
  add(`${codec}: keyless on compacted`, build(records(5, (index) => (index % 2 ? { key: null } : {}))), {
    compacted: true,
  })
  add(`${codec}: keyless elsewhere`, build(records(5, () => ({ key: null }))))
  add(`${codec}: empty key on compacted`, build(records(2, () => ({ key: '' }))), { compacted: true })
  add(`${codec}: too old`, build(records(4, (index) => ({ timestampMs: nowMs - index * 4 * DAY }))))
  add(`${codec}: as old as allowed`, build(records(1, () => ({ timestampMs: nowMs - 10 * DAY }))))
  add(`${codec}: too new`, build(records(4, (index) => ({ timestampMs: nowMs + index * 1_800_001 }))))
  add(`${codec}: as new as allowed`, build(records(1, () => ({ timestampMs: nowMs + 3_600_000 }))))
  add(`${codec}: too old under log append time`, build(records(1, () => ({ timestampMs: 0 }))), {
    logAppendTime: true,
  })
  add(`${codec}: without timestamp`, build(records(3, () => ({ timestampMs: -1 }))))
  add(
    `${codec}: keyless and too old`,
    build(records(3, (index) => (index === 0 ? { key: null } : { timestampMs: 1 }))),
    {
      compacted: true,
    },
  )
  add(`${codec}: log append time from a client`, build(records(3), { timestampType: 1 }))
  add(`${codec}: control`, build(records(1), { isControl: true }))
  add(`${codec}: producer without sequence`, build(records(2), { producerId: 9, producerEpoch: 0 }))
  add(`${codec}: idempotent`, build(records(2), { producerId: 9, producerEpoch: 0, baseSequence: 0 }))
  add(
    `${codec}: max timestamp too high`,
    tampered(build(records(3)), (bytes) => bytes.writeBigInt64BE(BigInt(nowMs + 5), 35)),
  )
  add(
    `${codec}: no records`,
    tampered(build(records(1)), (bytes) => setCount(bytes, 0)),
  )
  add(
    `${codec}: negative count`,
    tampered(build(records(1)), (bytes) => bytes.writeInt32BE(-1, 57)),
  )
}

function setCount(bytes: Buffer, count: number): void {
  bytes.writeInt32BE(count - 1, 23)
  bytes.writeInt32BE(count, 57)
}

// Single records by hand: length, attributes, timestamp delta, offset delta, key, value, header count.
const one = buildBatch(records(1))
const hand = (...bytes: number[]) => withPayload(one, Buffer.from(bytes))
add('hand: smallest', hand(12, 0, 0, 0, 1, 1, 0))
add('hand: length one too long', hand(14, 0, 0, 0, 1, 1, 0))
add('hand: length one too short', hand(10, 0, 0, 0, 1, 1, 0))
add('hand: a byte after the record', hand(12, 0, 0, 0, 1, 1, 0, 0))
add('hand: a byte inside the record', hand(14, 0, 0, 0, 1, 1, 0, 0))
add('hand: negative length', hand(1, 0, 0, 0, 1, 1, 0))
add('hand: key length -2', hand(12, 0, 0, 0, 3, 1, 0))
add('hand: key longer than the record', hand(12, 0, 0, 0, 20, 1, 0))
add('hand: value longer than the record', hand(12, 0, 0, 0, 1, 20, 0))
add('hand: header count -1', hand(12, 0, 0, 0, 1, 1, 1))
add('hand: header count 1, no header', hand(12, 0, 0, 0, 1, 1, 2))
add('hand: null header key', hand(16, 0, 0, 0, 1, 1, 2, 1, 1))
add('hand: null header value', hand(16, 0, 0, 0, 1, 1, 2, 0, 1))
add('hand: 2^31-1 headers', hand(20, 0, 0, 0, 1, 1, 254, 255, 255, 255, 15))
add('hand: varint of six bytes', hand(22, 0, 0, 128, 128, 128, 128, 128, 0, 1, 1, 0))
add('hand: offset delta 3', hand(12, 0, 0, 6, 1, 1, 0))
add('hand: attributes set', hand(12, 255, 0, 0, 1, 1, 0))
const two = buildBatch(records(2))
add('hand: offset delta twice', withPayload(two, Buffer.from([12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 0, 1, 1, 0])))
add(
  'gzip: offset delta twice',
  withPayload(two, gzipSync(Buffer.from([12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 0, 1, 1, 0])), 1),
)
add('gzip: bytes after the records', withPayload(one, gzipSync(Buffer.from([12, 0, 0, 0, 1, 1, 0, 99])), 1))
add(
  'zstd: bytes after the records',
  withPayload(one, zstdCompressSync(Buffer.from([12, 0, 0, 0, 1, 1, 0, 99])), 4),
)
for (const [codec, attributes] of Object.entries(CODECS)) {
  if (attributes > 0)
    add(
      `${codec}: not compressed at all`,
      withPayload(one, Buffer.from('no such data, no such data'), attributes),
    )
}
for (const attributes of [5, 6, 7]) add(`codec ${attributes}`, withPayload(one, one.subarray(61), attributes))

writeFileSync(new URL('../validator-cases.json', import.meta.url), `${JSON.stringify(cases)}\n`)
