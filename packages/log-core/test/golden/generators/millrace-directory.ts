// Writes a data directory of the current format, to be kept for ever: node -C @millrace/source millrace-directory.ts TARGET

import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { gzipSync } from 'node:zlib'
import {
  type CompressionName,
  DEFAULT_LOG_CONFIG,
  type FileSystem,
  LogDirectory,
  memoryFileSystem,
  nodeClock,
  openLogDirectory,
} from '@millrace/log-core'
import { buildBatch, readBatchHeader } from '@millrace/record-batch'

const CODECS: CompressionName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

async function writeEmbedded(fs: FileSystem): Promise<void> {
  const directory = await openLogDirectory('/data', { fileSystem: fs })
  for (const compression of CODECS) {
    const log = await directory.openLog(`log-${compression}`, { compression, config: { segmentBytes: 600 } })
    for (let i = 0; i < 12; i++) {
      const headers = i % 3 === 0 ? [{ name: 'h', value: `${i}` }] : []
      await log.append({
        key: `key ${i}`,
        value: Buffer.from(`value ${i} `.repeat(5)),
        headers,
        timestampMs: 1_000 * i,
      })
    }
    await log.truncateBefore(2)
  }
  await directory.close()
}

async function writeProducers(fs: FileSystem): Promise<void> {
  const directory = await LogDirectory.open(fs, '/data', { clock: nodeClock() })
  const config = { ...DEFAULT_LOG_CONFIG, segmentBytes: 500, cleanupPolicy: ['compact'] as const }
  const log = await directory.openLog({
    topic: 'compacted',
    partition: 3,
    topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    config,
  })
  for (let i = 0; i < 20; i++) {
    const record = { key: `key ${i % 4}`, value: i % 7 === 6 ? null : `value ${i}`, timestampMs: 1_000 * i }
    const batch = buildBatch([record], { producerId: 7, producerEpoch: 2, baseSequence: i })
    const outcome = log.append(batch, readBatchHeader(batch), { durability: 'synced' })
    if (outcome.kind === 'appended') await outcome.committed
  }
  await log.compact({ nowMs: 30_000, seed: 1 })
  await directory.close()
}

function pack(fs: FileSystem, path: string, files: Record<string, string>): void {
  for (const { name, kind } of fs.list(path)) {
    if (kind === 'directory') pack(fs, `${path}/${name}`, files)
    else files[`${path}/${name}`.slice('/data/'.length)] = fs.readFile(`${path}/${name}`).toString('base64')
  }
}

const target = process.argv[2]
if (target === undefined) throw new Error('no target')
const disk = memoryFileSystem()
await writeEmbedded(disk)
await writeProducers(disk)
const packed: Record<string, string> = {}
pack(disk, '/data', packed)
writeFileSync(target, gzipSync(JSON.stringify({ files: packed, expected: {} }), { level: 9 }))
