import type { BatchHeader, RecordCursor } from '@millrace/record-batch'
import type { KeyOffsetMap } from './key-offset-map.ts'

/** What a pass knows when it decides about a record. */
export interface RetentionFacts {
  readonly latest: KeyOffsetMap
  /** The map knows all keys before this offset: what lies behind it stays. */
  readonly mapEndOffset: number
  /** Consumers advance by what they are given, so the last record of all sealed ones stays in any case. */
  readonly lastOffset: number
  readonly nowMs: number
}

/** Looks all keys of a batch up together; `isRecordKept` is asked about its records then. */
export function groupKeys(records: RecordCursor, latest: KeyOffsetMap): void {
  latest.beginGroup()
  // A record without a key takes a place too, so that a key's place is its record's index.
  while (records.next()) latest.addKey(records.bytes, records.keyStart, Math.max(0, records.keyLength))
  latest.loadGroup()
}

/**
 * Whether compaction keeps a record: it is the latest of its key, and if it is a tombstone, consumers have not had the
 * time to see it yet (KIP-534: the batch carries the end of that time). A record without a key has no place in a
 * compacted log; produce refuses it, and what an earlier policy let in goes.
 */
export function isRecordKept(record: RecordCursor, header: BatchHeader, facts: RetentionFacts): boolean {
  const { offset } = record
  if (offset >= facts.mapEndOffset || offset === facts.lastOffset) return true
  if (record.keyLength < 0) return false
  if (facts.latest.latestOffset(record.index) > offset) return false
  const hasBeenSeen = header.hasDeleteHorizon && header.baseTimestampMs <= facts.nowMs
  return record.valueLength >= 0 || !hasBeenSeen
}
