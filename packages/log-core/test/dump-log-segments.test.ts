import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { buildBatch, type CompressionId } from '@millrace/record-batch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LogDirectory, nodeClock, nodeFileSystem, type PartitionLog } from '../src/index.ts'
import { DEFAULT_LOG_CONFIG } from '../src/log-config.ts'
import { flipByte } from '../src/testing/disk-image.ts'
import { appendTo } from '../src/testing/log-fixtures.ts'
import { dumpLogSegments, findKafkaJars } from './kafka-log-dump.ts'

const jars = findKafkaJars()
const BATCHES = 700
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** Every codec, idempotent producers or none, times that go back and forth, small and large batches. */
async function writeLog(log: PartitionLog): Promise<void> {
  const sequences = new Map<number, number>()
  for (let i = 0; i < BATCHES; i++) {
    const producerId = (i % 3) - 1
    const count = 1 + (i % 7)
    const baseSequence = sequences.get(producerId) ?? 0
    sequences.set(producerId, baseSequence + count)
    const records = Array.from({ length: count }, (_, index) => ({
      key: index % 2 === 0 ? null : Buffer.from(`key ${index}`),
      value: index % 5 === 4 ? null : Buffer.alloc(50 + ((i * 37) % 400), 'x'),
      timestampMs: 1_700_000_000_000 + ((i * 7919) % 3001),
    }))
    const producer = producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence }
    const outcome = appendTo(
      log,
      buildBatch(records, { compression: (i % 5) as CompressionId, ...producer }),
      'written',
    )
    if (outcome.kind !== 'appended') throw new Error(`batch ${i}: ${outcome.kind}`)
    if (i % 10 === 9) await outcome.committed
  }
}

function filesOf(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => /\.(log|index|timeindex|snapshot)$/.test(name))
  return names.map((name) => `${directory}/${name}`)
}

/** Compacted logs skip offsets, and are told of as if that were a fault. */
function isGap(line: string): boolean {
  return /^ {2}-?\d+ is followed by \d+$/.test(line)
}

describe.skipIf(jars === null)("Kafka's DumpLogSegments", () => {
  const libraries = jars ?? ''
  let root = ''
  let files: string[] = []

  beforeAll(async () => {
    root = mkdtempSync(`${tmpdir()}/millrace-dump-`)
    const directory = await LogDirectory.open(nodeFileSystem(), root, { clock: nodeClock() })
    const config = { ...DEFAULT_LOG_CONFIG, segmentBytes: 40_000 }
    await writeLog(await directory.openLog({ topic: 'flights', partition: 0, topicId: TOPIC_ID, config }))
    await directory.close()
    files = filesOf(`${root}/flights-0`)
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  it('finds every batch, index, time index and producer snapshot valid', { timeout: 60_000 }, () => {
    expect(files.filter((file) => file.endsWith('.log')).length).toBeGreaterThan(3)
    expect(dumpLogSegments(libraries, files)).toEqual({
      validBatches: BATCHES,
      invalidBatches: 0,
      complaints: [],
    })
  })

  it('finds every batch and index of a compacted log valid', { timeout: 60_000 }, async () => {
    const directory = await LogDirectory.open(nodeFileSystem(), `${root}/compacted`, { clock: nodeClock() })
    const config = { ...DEFAULT_LOG_CONFIG, segmentBytes: 20_000, cleanupPolicy: ['compact'] as const }
    const log = await directory.openLog({ topic: 'flights', partition: 0, topicId: TOPIC_ID, config })
    await writeLog(log)
    const [compacted] = await directory.compact({ nowMs: Date.now(), isForced: true })
    expect(compacted?.passes[0]?.bytesAfter).toBeLessThan((compacted?.passes[0]?.bytesBefore ?? 0) / 2)
    await directory.close()
    const { validBatches, invalidBatches, complaints } = dumpLogSegments(
      libraries,
      filesOf(`${root}/compacted/flights-0`),
    )
    expect({ invalidBatches, complaints: complaints.filter((line) => !isGap(line)) }).toEqual({
      invalidBatches: 0,
      complaints: [],
    })
    expect(validBatches).toBeGreaterThan(1)
    expect(validBatches).toBeLessThan(BATCHES)
  })

  it('would notice a damaged batch and a damaged index', { timeout: 60_000 }, () => {
    const fs = nodeFileSystem()
    const log = files.find((file) => file.endsWith('.log')) ?? ''
    flipByte(fs, log, 100)
    expect(dumpLogSegments(libraries, [log]).invalidBatches).toBe(1)
    flipByte(fs, log, 100)
    const index = log.replace('.log', '.index')
    flipByte(fs, index, 7)
    expect(dumpLogSegments(libraries, [index]).complaints).not.toEqual([])
  })
})
