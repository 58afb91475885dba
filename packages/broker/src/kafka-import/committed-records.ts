import type { FileSystem } from '@millrace/log-core'
import { type RecordInput, readBatchRecords, scanBatches } from '@millrace/record-batch'

const SEGMENT = /^\d{20}\.log$/
const ABORT = 0

/**
 * What a partition of `__consumer_offsets` says for each key, without what aborted transactions and those that are still
 * open wrote: Kafka remembers which those are, and the records that are written anew here do not need to. Deleted keys
 * are left out.
 */
export function readCommittedRecords(fs: FileSystem, directory: string): RecordInput[] {
  const latest = new Map<string, RecordInput>()
  /** By producer: what its transaction wrote so far. */
  const open = new Map<number, RecordInput[]>()
  const keep = (record: RecordInput): void => {
    const key = record.key?.toString('latin1') ?? ''
    latest.delete(key)
    if (record.value !== null) latest.set(key, record)
  }
  for (const { name } of fs.list(directory)) {
    if (!SEGMENT.test(name)) continue
    const bytes = fs.readFile(`${directory}/${name}`)
    for (const { position, header } of scanBatches(bytes)) {
      const records = readBatchRecords(bytes, position)
      if (header.isControl) {
        // A marker's key is its version and its type, two int16.
        const isAborted = records[0]?.key?.readInt16BE(2) === ABORT
        for (const record of isAborted ? [] : (open.get(header.producerId) ?? [])) keep(record)
        open.delete(header.producerId)
      } else if (header.isTransactional) {
        open.set(header.producerId, [...(open.get(header.producerId) ?? []), ...records])
      } else {
        for (const record of records) keep(record)
      }
    }
  }
  return [...latest.values()]
}
