import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { LogDirectory, type LogSlice, nodeClock, nodeFileSystem, type PartitionLog } from '@millrace/log-core'
import {
  buildBatch,
  openRecords,
  readBatchHeader,
  readBatchRecords,
  scanBatches,
} from '@millrace/record-batch'
import { open as openLmdb, type RootDatabase } from 'lmdb'
import type { MicroSuite, MicroTask } from '../harness/micro-suite.ts'
import { readFileInPieces } from '../harness/read-file.ts'
import { makeRecords } from '../harness/records.ts'
import { TemporaryDirectory } from '../harness/temporary-directory.ts'

const VALUE_BYTES = 100
const RECORDS_PER_BATCH = 1_000
const READ_BYTES = 1_048_576
const TOPIC = { topic: 'benchmark', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }

/** Reading everything from the start, out of the page cache: bytes, batches and records. */
export const logReadSuite: MicroSuite = {
  name: 'log-read',
  about: `reading records with ${VALUE_BYTES} B values from the start, ${READ_BYTES} B a read, per record`,
  open: async ({ isTiny }) => {
    const directory = new TemporaryDirectory()
    const batches = isTiny ? 2 : 500
    const data = await writeData(directory, batches)
    const figures = {
      operations: batches * RECORDS_PER_BATCH,
      bytes: batches * RECORDS_PER_BATCH * VALUE_BYTES,
    }
    const task = (name: string, run: MicroTask['run'], isReference = false): MicroTask => ({
      name,
      ...figures,
      run,
      isReference,
    })
    return {
      callsPerRound: isTiny ? 1 : 3,
      tasks: [
        task(
          'readSync of the same bytes',
          () => readFileInPieces(data.filePath, { pieceBytes: READ_BYTES, memory: 'new' }),
          true,
        ),
        task('PartitionLog.read, raw batches', () => readLog(data.log, (slice) => slice.sizeBytes)),
        task('lmdb getRange', () => readDatabase(data.database), true),
        task('PartitionLog.read, a cursor over its records', () => readLog(data.log, walkRecords)),
        task('PartitionLog.read, an object per record', () => readLog(data.log, readObjects)),
      ],
      async close() {
        await data.directory.close()
        await data.database.close()
        directory.remove()
      },
    }
  },
}

interface ReadData {
  readonly filePath: string
  readonly directory: LogDirectory
  readonly log: PartitionLog
  readonly database: RootDatabase<Buffer, number>
}

async function writeData(temporary: TemporaryDirectory, batches: number): Promise<ReadData> {
  const records = makeRecords({ count: RECORDS_PER_BATCH, valueBytes: VALUE_BYTES })
  const directory = await LogDirectory.open(nodeFileSystem(), temporary.fresh(), { clock: nodeClock() })
  const log = await directory.openLog(TOPIC)
  const database = openLmdb<Buffer, number>({ path: temporary.fresh(), encoding: 'binary', noSync: true })
  const filePath = temporary.fresh()
  let key = 0
  for (let index = 0; index < batches; index++) {
    const batch = buildBatch(records)
    const outcome = log.append(batch, readBatchHeader(batch), { durability: 'written' })
    assert(outcome.kind === 'appended')
    await outcome.committed
    writeFileSync(filePath, batch, { flag: 'a' })
    database.transactionSync(() => {
      for (const { value } of records) database.putSync(key++, value)
    })
  }
  await log.flush()
  return { filePath, directory, log, database }
}

async function readLog(log: PartitionLog, handle: (slice: LogSlice) => number): Promise<number> {
  let sum = 0
  let offset = 0
  while (offset < log.logEndOffset) {
    const slice = await log.read({ offset, maxBytes: READ_BYTES, isFirstBatchWhole: true, limit: 'log-end' })
    sum += handle(slice)
    for (const buffer of slice.buffers) {
      for (const { header } of scanBatches(buffer)) offset = header.lastOffset + 1
    }
  }
  return sum
}

function walkRecords(slice: LogSlice): number {
  let sum = 0
  for (const buffer of slice.buffers) {
    for (const { position, header } of scanBatches(buffer)) {
      const cursor = openRecords(buffer, position, header)
      while (cursor.next()) sum += cursor.valueLength
    }
  }
  return sum
}

function readObjects(slice: LogSlice): number {
  let sum = 0
  for (const buffer of slice.buffers) {
    for (const { position } of scanBatches(buffer)) {
      for (const { value } of readBatchRecords(buffer, position)) sum += value?.length ?? 0
    }
  }
  return sum
}

function readDatabase(database: RootDatabase<Buffer, number>): number {
  let sum = 0
  for (const { value } of database.getRange()) sum += value.length
  return sum
}
