import { BatchBuilder, buildBatch, Compression, type RecordInput } from '@millrace/record-batch'
import type { MicroSuite, MicroTask } from '../harness/micro-suite.ts'
import { makeRecords } from '../harness/records.ts'

const VALUE_BYTES = 100
const CAPACITY_BYTES = 256 * 1024

/** What a producer pays for a record, CRC of the batch included. */
export const batchBuildSuite: MicroSuite = {
  name: 'batch-build',
  about: `building batches of records with ${VALUE_BYTES} B values, per record`,
  open: ({ isTiny }) => {
    const count = isTiny ? 10 : 1_000
    const buffers = makeRecords({ count, valueBytes: VALUE_BYTES })
    const keyless = makeRecords({ count, valueBytes: VALUE_BYTES, hasKeys: false })
    const strings = buffers.map((one) => ({ ...one, key: String(one.key), value: String(one.value) }))
    const beyondAscii = strings.map((one) => ({ ...one, value: `é${one.value.slice(1)}` }))
    const withHeader = buffers.map((one) => ({
      ...one,
      headers: [{ key: 'trace', value: Buffer.alloc(16, 7) }],
    }))
    const builder = new BatchBuilder(CAPACITY_BYTES)
    const append = (name: string, records: readonly RecordInput[]): MicroTask => ({
      name,
      operations: count,
      bytes: count * VALUE_BYTES,
      run() {
        for (const record of records) builder.append(record)
        return builder.finish().length
      },
    })
    return {
      tasks: [
        append('buffers', buffers),
        append('buffers without keys', keyless),
        append('strings', strings),
        append('strings beyond ASCII', beyondAscii),
        append('buffers and a header', withHeader),
        ...Object.entries(Compression).map(([codec, compression]) => ({
          name: `buildBatch, ${codec}`,
          operations: count,
          bytes: count * VALUE_BYTES,
          run: () => buildBatch(buffers, { compression }).length,
        })),
      ],
    }
  },
}
