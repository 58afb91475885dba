import {
  buildBatch,
  Compression,
  openRecords,
  readBatchHeader,
  readBatchRecords,
  readRecords,
  scanBatches,
} from '@millrace/record-batch'
import type { MicroSuite } from '../harness/micro-suite.ts'
import { makeRecords } from '../harness/records.ts'

const VALUE_BYTES = 100

/** What a consumer pays for a record. */
export const batchReadSuite: MicroSuite = {
  name: 'batch-read',
  about: `reading batches of records with ${VALUE_BYTES} B values, per record`,
  open: ({ isTiny }) => {
    const count = isTiny ? 10 : 1_000
    const records = makeRecords({ count, valueBytes: VALUE_BYTES })
    const batch = buildBatch(records)
    const withHeader = buildBatch(
      records.map((one) => ({ ...one, headers: [{ key: 'trace', value: Buffer.alloc(16, 7) }] })),
    )
    const many = Buffer.concat(records.map((record) => buildBatch([record])))
    const figures = { operations: count, bytes: count * VALUE_BYTES }
    return {
      tasks: [
        { name: 'cursor', ...figures, run: () => walk(batch) },
        { name: 'readRecords', ...figures, run: () => [...readRecords(batch)].length },
        { name: 'readBatchRecords', ...figures, run: () => readBatchRecords(batch).length },
        { name: 'readBatchRecords, a header', ...figures, run: () => readBatchRecords(withHeader).length },
        ...Object.entries(Compression).map(([codec, compression]) => {
          const compressed = buildBatch(records, { compression })
          return { name: `cursor, ${codec}`, ...figures, run: () => walk(compressed) }
        }),
        {
          name: 'scanBatches, one record each',
          ...figures,
          run() {
            let sum = 0
            for (const { header } of scanBatches(many)) sum += header.sizeBytes
            return sum
          },
        },
      ],
    }
  },
}

function walk(batch: Buffer): number {
  const cursor = openRecords(batch, 0, readBatchHeader(batch))
  let sum = 0
  while (cursor.next()) sum += cursor.valueLength + cursor.offset
  return sum
}
