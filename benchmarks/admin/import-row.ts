/** The row about moving in: a directory of Kafka's, with as many bytes as wanted, imported with `--link`. */
import { execFile } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { createTopics } from '@millrace/protocol'
import { buildBatch, crc32c, stampBatch } from '@millrace/record-batch'
import { LAUNCHER } from '../../packages/broker/compat/process/millrace-process.ts'
import { startKafka } from '../../test/kafka/apache-kafka.ts'
import { Wire } from '../harness/wire.ts'

const TOPIC = 'bulk'
const PARTITIONS = 10
const SEGMENT_BYTES = 1_000_000_000
/** Of each partition: the last one is copied, whatever is done with the others. */
const SEGMENTS = 10
const RECORDS_EACH = 1000
const RECORD_BYTES = 1000
const READ_BYTES = 4 * 1024 * 1024

/** Seconds: of each import, and of a program that does nothing but read the same bytes from the disk and check them. */
export interface ImportFigures {
  readonly gigabytes: number
  readonly importSeconds: readonly number[]
  readonly readSeconds: readonly number[]
}

export async function measureImport(gigabytes: number, rounds: number): Promise<ImportFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-import-'))
  try {
    const kafkaDir = join(folder, 'kafka')
    await makeKafkaDirectory(kafkaDir, gigabytes)
    const importSeconds: number[] = []
    const readSeconds: number[] = []
    for (let round = 0; round < rounds; round++) {
      await dropFromPageCache(kafkaDir)
      readSeconds.push(await secondsOf(() => readAndCheck(kafkaDir)))
      const dataDir = join(folder, `imported-${round}`)
      await dropFromPageCache(kafkaDir)
      const command = [LAUNCHER, 'import', kafkaDir, '--data', dataDir, '--link']
      importSeconds.push(await secondsOf(() => promisify(execFile)(process.execPath, command)))
      rmSync(dataDir, { recursive: true })
    }
    return { gigabytes, importSeconds, readSeconds }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Kafka makes the topic; its segments are then written as Kafka would have, which spares sending the bytes. */
async function makeKafkaDirectory(directory: string, gigabytes: number): Promise<void> {
  mkdirSync(directory)
  const kafka = await startKafka({ dataDir: directory, heap: '512m' })
  const wire = await Wire.open(kafka.bootstrap)
  const asked = { numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] }
  await wire.timed(createTopics, 7, {
    topics: [{ name: TOPIC, ...asked }],
    timeoutMs: 30_000,
    validateOnly: false,
  })
  wire.close()
  await kafka.close()
  const batch = batchOf()
  for (let partition = 0; partition < PARTITIONS; partition++) {
    fillPartition(join(directory, `${TOPIC}-${partition}`), batch, (gigabytes * 1e9) / PARTITIONS)
  }
  await promisify(execFile)('sync')
}

function batchOf(): Buffer {
  const value = Buffer.alloc(RECORD_BYTES, 'x')
  return buildBatch(
    Array.from({ length: RECORDS_EACH }, (_, index) => ({
      key: null,
      value,
      timestampMs: 1_700_000_000_000 + index,
    })),
    {},
  )
}

function fillPartition(directory: string, batch: Buffer, sizeBytes: number): void {
  for (const name of readdirSync(directory)) {
    if (name !== 'partition.metadata') rmSync(join(directory, name))
  }
  let nextOffset = 0
  let written = 0
  let base = 0
  let segmentBytes = SEGMENT_BYTES
  while (written < sizeBytes) {
    if (segmentBytes + batch.length > Math.min(SEGMENT_BYTES, sizeBytes / SEGMENTS)) {
      base = nextOffset
      segmentBytes = 0
    }
    stampBatch(batch, 0, { baseOffset: nextOffset, partitionLeaderEpoch: 0 })
    appendFileSync(join(directory, segmentFileName(base, 'log')), batch)
    nextOffset += RECORDS_EACH
    written += batch.length
    segmentBytes += batch.length
  }
  writeFileSync(join(directory, 'leader-epoch-checkpoint'), '0\n1\n0 0\n')
  // Kafka writes one when it begins a segment and one when it stops: without them, producers have to be found in the records.
  for (const offset of [base, nextOffset]) {
    writeFileSync(join(directory, segmentFileName(offset, 'snapshot')), snapshotOfNoProducer())
  }
}

function segmentFileName(offset: number, ending: string): string {
  return `${String(offset).padStart(20, '0')}.${ending}`
}

/** Kafka's `ProducerStateManager`: version int16, CRC uint32 of what follows, count int32. */
function snapshotOfNoProducer(): Buffer {
  const bytes = Buffer.alloc(10)
  bytes.writeInt16BE(1, 0)
  bytes.writeUInt32BE(crc32c(bytes, 6), 2)
  return bytes
}

/** What was written a moment ago would be read at the rate of memory, not of the disk. GNU dd knows the system call. */
async function dropFromPageCache(directory: string): Promise<void> {
  for (const path of logFiles(directory)) {
    await promisify(execFile)('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none'])
  }
}

function logFiles(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.log')).map((name) => join(directory, name))
}

async function readAndCheck(directory: string): Promise<void> {
  for (const path of logFiles(directory)) {
    await using file = await open(path)
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES)
      if (bytesRead === 0) break
      crc32c(buffer, 0, bytesRead)
    }
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return (performance.now() - startedMs) / 1000
}
