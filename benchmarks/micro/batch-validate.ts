import {
  buildBatch,
  Compression,
  type CompressionId,
  type ValidationRules,
  validateProducedBatch,
  verifyBatchCrc,
} from '@millrace/record-batch'
import type { MicroSuite, MicroTask } from '../harness/micro-suite.ts'
import { makeRecords } from '../harness/records.ts'

const VALUE_BYTES = 100
const RULES: ValidationRules = {
  maxMessageBytes: 1_048_588,
  requireKey: true,
  timestampType: 0,
  timestampBeforeMaxMs: Infinity,
  timestampAfterMaxMs: 3_600_000,
  nowMs: 1_700_000_000_000,
  maxDecompressedBytes: 16 * 1_048_576,
}

/** What the broker pays for a record before it may go into the log. */
export const batchValidateSuite: MicroSuite = {
  name: 'batch-validate',
  about: `CRC and the walk over records with ${VALUE_BYTES} B values, per record`,
  open: ({ isTiny }) => {
    const count = isTiny ? 10 : 1_000
    const records = makeRecords({ count, valueBytes: VALUE_BYTES })
    const plain = buildBatch(records)
    const singles = records.map((record) => buildBatch([record]))
    return {
      tasks: [
        {
          name: 'CRC alone',
          isReference: true,
          operations: count,
          bytes: plain.length,
          run: () => (verifyBatchCrc(plain, 0, plain.length) ? 1 : 0),
        },
        ...Object.entries(Compression).map(([codec, compression]) => validation(codec, compression, records)),
        {
          name: 'batches of one record',
          operations: count,
          bytes: count * VALUE_BYTES,
          run() {
            let valid = 0
            for (const batch of singles) if (validateProducedBatch(batch, 0, RULES).kind === 'ok') valid++
            return valid
          },
        },
      ],
    }
  },
}

function validation(
  codec: string,
  compression: CompressionId,
  records: ReturnType<typeof makeRecords>,
): MicroTask {
  const batch = buildBatch(records, { compression })
  return {
    name: `validateProducedBatch, ${codec}`,
    operations: records.length,
    bytes: records.length * VALUE_BYTES,
    run() {
      const result = validateProducedBatch(batch, 0, RULES)
      return result.kind === 'ok' ? result.offsetOfMaxTimestamp : -1
    },
  }
}
