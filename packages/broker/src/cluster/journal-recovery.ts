import { decodeRecord, JOURNAL_MAGIC } from './journal-format.ts'

/** What a journal's bytes say after the process or the machine died at any point. */
export type JournalContents =
  | { readonly kind: 'usable'; readonly entries: readonly unknown[]; readonly validBytes: number }
  | {
      readonly kind: 'refused'
      readonly recordNumber: number
      readonly position: number
      readonly reason: string
    }

/**
 * Reads a journal. Pure: the caller cuts what a crash tore off (`validBytes`), or gives up.
 *
 * An entry is acknowledged after its sync, and the next write carries a mark that says so. Bytes
 * that cannot be read are therefore a torn tail only when no mark, before or after them, covers
 * them; anything else is damage to acknowledged entries, which must not be cut away.
 */
export function readJournal(bytes: Buffer): JournalContents {
  if (!bytes.subarray(0, JOURNAL_MAGIC.length).equals(JOURNAL_MAGIC)) {
    return { kind: 'refused', recordNumber: 0, position: 0, reason: 'this is no journal of Millrace' }
  }
  const entries: unknown[] = []
  let position = JOURNAL_MAGIC.length
  let syncedPosition = position
  let recordNumber = 0
  for (let record = decodeRecord(bytes, position); record !== null; record = decodeRecord(bytes, position)) {
    if (record.kind === 'entry') entries.push(record.entry)
    else syncedPosition = Math.max(syncedPosition, record.syncedPosition)
    position = record.endPosition
    recordNumber++
  }
  if (syncedPosition > position || isMarkedLater(bytes, position)) {
    const reason = 'a sync had covered these bytes, and they are not what was written'
    return { kind: 'refused', recordNumber, position, reason }
  }
  return { kind: 'usable', entries, validBytes: position }
}

/** Whether a mark behind the break says that the bytes at the break were synced. */
function isMarkedLater(bytes: Buffer, breakPosition: number): boolean {
  for (let position = breakPosition + 1; position < bytes.length; position++) {
    const record = decodeRecord(bytes, position)
    if (record?.kind === 'mark' && record.syncedPosition > breakPosition) return true
  }
  return false
}
