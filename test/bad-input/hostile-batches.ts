/** Record batches that no honest producer sends. */
import { gzipSync } from 'node:zlib'
import { BATCH_HEADER_BYTES, buildBatch, crc32c } from '@millrace/record-batch'

const CRC_POSITION = 17
const ATTRIBUTES_POSITION = 21
const LAST_OFFSET_DELTA_POSITION = 23
const RECORD_COUNT_POSITION = 57
const GZIP = 1

export function honestBatch(values: readonly string[] = ['one', 'two', 'three']): Buffer {
  return buildBatch(
    values.map((value) => ({ key: null, value: Buffer.from(value), timestampMs: 1_700_000_000_000 })),
    {},
  )
}

export function batchWithWrongCrc(): Buffer {
  const batch = honestBatch()
  batch.writeUInt32BE((batch.readUInt32BE(CRC_POSITION) ^ 1) >>> 0, CRC_POSITION)
  return batch
}

/** Claims more records than it holds, under a CRC that is right. */
export function batchWithWrongCount(): Buffer {
  const batch = honestBatch()
  batch.writeInt32BE(5, RECORD_COUNT_POSITION)
  batch.writeInt32BE(4, LAST_OFFSET_DELTA_POSITION)
  return withCrc(batch)
}

/** Half a megabyte that becomes half a gigabyte. */
export function decompressionBomb(): Buffer {
  const head = honestBatch().subarray(0, BATCH_HEADER_BYTES)
  const batch = Buffer.concat([head, gzipSync(Buffer.alloc(512 * 1024 * 1024))])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt16BE(GZIP, ATTRIBUTES_POSITION)
  return withCrc(batch)
}

function withCrc(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_POSITION), CRC_POSITION)
  return batch
}
