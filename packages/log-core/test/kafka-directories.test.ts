import { readBatchRecords, scanBatches } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import {
  DEFAULT_LOG_CONFIG,
  LogDirectory,
  nodeClock,
  type PartitionLog,
  verifyPartition,
} from '../src/index.ts'
import { copyOf, readGolden } from './golden-directory.ts'

/** Offset, time, key, value, headers; bytes in base64. As Kafka's own consumer gave them. */
type ExpectedRecord = [number, number, string | null, string | null, [string, string | null][]]

type Expected = Record<string, ExpectedRecord[]>

async function recordsOf(log: PartitionLog): Promise<ExpectedRecord[]> {
  const found: ExpectedRecord[] = []
  const base64 = (bytes: Buffer | null): string | null => bytes?.toString('base64') ?? null
  for (let offset = log.logStartOffset; offset < log.highWatermark; ) {
    const slice = await log.read({
      offset,
      maxBytes: 10_000,
      isFirstBatchWhole: true,
      limit: 'high-watermark',
    })
    if (slice.sizeBytes === 0) break
    for (const buffer of slice.buffers) {
      for (const { position, header } of scanBatches(buffer)) {
        offset = header.lastOffset + 1
        if (header.isControl) continue
        for (const record of readBatchRecords(buffer, position)) {
          const headers = record.headers.map(({ key, value }): [string, string | null] => [
            key,
            base64(value),
          ])
          found.push([record.offset, record.timestampMs, base64(record.key), base64(record.value), headers])
        }
      }
    }
  }
  return found
}

describe.each(['kafka-4.3-clean', 'kafka-4.3-killed'])('a data directory that Kafka wrote: %s', (name) => {
  const golden = readGolden<Expected>(name)

  it.each(Object.keys(golden.expected))(
    "gives each record of '%s' as Kafka's own consumer read it",
    async (topic) => {
      const fs = copyOf(golden)
      const directory = await LogDirectory.open(fs, '/data', { clock: nodeClock() })
      const found = directory.partitionDirectories().find((candidate) => candidate.topic === topic)
      if (found === undefined) throw new Error(`${topic} is not there`)
      const cleanupPolicy = topic === 'compacted' ? (['compact'] as const) : (['delete'] as const)
      const log = await directory.openLog({ ...found, config: { ...DEFAULT_LOG_CONFIG, cleanupPolicy } })
      expect(await recordsOf(log)).toEqual(golden.expected[topic])
      const [firstOffset, firstMs] = golden.expected[topic]?.[0] ?? []
      if (firstMs !== undefined) expect((await log.offsetForTimestamp(firstMs))?.offset).toBe(firstOffset)
      await directory.close()
      const again = await LogDirectory.open(fs, '/data', { clock: nodeClock() })
      expect(await recordsOf(await again.openLog(found))).toEqual(golden.expected[topic])
      await again.close()
      expect((await verifyPartition(fs, `/data/${topic}-0`)).findings).toEqual([])
    },
  )

  it('keeps the cluster id, and knows its idempotent producers', async () => {
    const directory = await LogDirectory.open(copyOf(golden), '/data', { clock: nodeClock() })
    expect(directory.clusterId).toBe('MkU3OEVBNTcwNTJENDM2Qk')
    const found = directory.partitionDirectories().find(({ topic }) => topic === 'codecs')
    if (found === undefined) throw new Error('codecs is not there')
    const log = await directory.openLog(found)
    expect([...log.producerStates()].length).toBe(5)
    await directory.close()
  })
})
