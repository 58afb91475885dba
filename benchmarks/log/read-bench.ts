import { statSync } from 'node:fs'
import { openLog } from '@millrace/log-core'
import { scanBatches } from '@millrace/record-batch'
import { open as openLmdb } from 'lmdb'
import { readFileInPieces } from '../harness/read-file.ts'
import { makeRecords } from '../harness/records.ts'
import { TemporaryDirectory } from '../harness/temporary-directory.ts'
import { valuesOf } from './embedded-target.ts'
import { alternate, figureOf, type LogBench, rateRow } from './log-bench.ts'
import { openStoredLog } from './stored-log.ts'

const READ_BYTES = 1_048_576
const RECORDS_PER_BATCH = 1_000

/** Everything from the start, out of the page cache: records through `log.read`, and batches as they lie there. */
export const readBench: LogBench = {
  name: 'read',
  async measure({ rounds, isTiny }) {
    const temporary = new TemporaryDirectory()
    const batches = isTiny ? 2 : 500
    const records = makeRecords({ count: RECORDS_PER_BATCH, valueBytes: 100, hasKeys: false })
    const path = temporary.fresh()
    const database = openLmdb<Buffer, number>({ path: temporary.fresh(), encoding: 'binary', noSync: true })
    const log = await openLog(path, { durability: 'written' })
    try {
      for (let batch = 0; batch < batches; batch++) {
        await log.appendMany(valuesOf(records))
        database.transactionSync(() => {
          for (const [index, { value }] of records.entries())
            database.putSync(batch * RECORDS_PER_BATCH + index, value)
        })
      }
      const count = batches * RECORDS_PER_BATCH
      const perSecond = async (work: () => number | Promise<number>): Promise<number> => {
        const startMs = performance.now()
        const sum = await work()
        if (sum !== count * 100) throw new Error(`read ${sum} bytes of values, expected ${count * 100}`)
        return count / (performance.now() - startMs) / 1e3
      }
      const decoded = await alternate(rounds, [
        () =>
          perSecond(async () => {
            let sum = 0
            for await (const { value } of log.read()) sum += value?.length ?? 0
            return sum
          }),
        () =>
          perSecond(() => {
            let sum = 0
            for (const { value } of database.getRange()) sum += value.length
            return sum
          }),
      ])
      await log.close()
      const raw = await measureRaw(path, rounds)
      return [
        rateRow(
          'sequential read, decoded',
          { ours: figureOf(decoded, 0), reference: figureOf(decoded, 1) },
          { least: 4, of: "lmdb's range read", unit: 'M/s' },
        ),
        rateRow(
          'sequential read, raw batches',
          { ours: figureOf(raw, 0), reference: figureOf(raw, 1) },
          { least: 0.8, of: 'readSync of the same bytes into new memory', unit: 'MB/s', digits: 0 },
        ),
        rateRow(
          'sequential read, raw batches',
          { ours: figureOf(raw, 0), reference: figureOf(raw, 2) },
          { least: 0.8, of: 'readSync of the same bytes into the same memory', unit: 'MB/s', digits: 0 },
        ),
      ]
    } finally {
      await log.close()
      await database.close()
      temporary.remove()
    }
  },
}

/** The first round, which is not counted, checks every CRC; after that both sides only read. */
async function measureRaw(path: string, rounds: number) {
  await using stored = await openStoredLog(path, { limits: { tailCacheBytesPerLog: 0 } })
  const { log } = stored
  const file = `${log.directory}/${'0'.repeat(20)}.log`
  const { size } = statSync(file)
  const perSecond = async (work: () => number | Promise<number>): Promise<number> => {
    const startMs = performance.now()
    const bytes = await work()
    if (bytes !== size) throw new Error(`read ${bytes} bytes, expected ${size}`)
    return bytes / (performance.now() - startMs) / 1e3
  }
  return await alternate(rounds, [
    () =>
      perSecond(async () => {
        let bytes = 0
        for (let offset = 0; offset < log.logEndOffset; ) {
          const request = {
            offset,
            maxBytes: READ_BYTES,
            isFirstBatchWhole: true,
            limit: 'high-watermark',
          } as const
          const slice = await log.read(request)
          bytes += slice.sizeBytes
          for (const buffer of slice.buffers)
            for (const { header } of scanBatches(buffer)) offset = header.lastOffset + 1
          slice.release()
        }
        return bytes
      }),
    () => perSecond(() => readFileInPieces(file, { pieceBytes: READ_BYTES, memory: 'new' })),
    () => perSecond(() => readFileInPieces(file, { pieceBytes: READ_BYTES, memory: 'same' })),
  ])
}
