import process from 'node:process'
import { type Clock, type FileSystem, nodeClock, writeFileAtomically } from '@millrace/log-core'
import { decodeRecord, encodeEntry, JOURNAL_MAGIC } from './journal-format.ts'
import { readJournal } from './journal-recovery.ts'
import { CATALOG_FILE_NAME } from './topic-catalog.ts'

/** What is wrong with a catalog, and what can be made of it. */
export interface CatalogDamage {
  readonly path: string
  readonly recordNumber: number
  readonly position: number
  readonly reason: string
  /** Bytes that belong to no good record: what they said is lost. */
  readonly lostBytes: number
  readonly keptEntries: number
  /** Where the damaged file is kept, once it was repaired. */
  readonly asidePath: string
}

/**
 * Looks at the catalog of a data directory that no broker uses; null when nothing is wrong with it. With `isExecuted` it is
 * written anew from every record that is whole, before the damage and behind it, and the damaged file is kept aside.
 * A topic whose creation was lost is gone from the catalog: its directories stay, and are reported at the next start.
 */
export async function repairCatalog(
  fs: FileSystem,
  dataDir: string,
  { clock = nodeClock(), isExecuted }: { readonly clock?: Clock; readonly isExecuted: boolean },
): Promise<CatalogDamage | null> {
  const path = `${dataDir}/${CATALOG_FILE_NAME}`
  if (!fs.exists(path)) return null
  const holder = { pid: process.pid, bootId: fs.bootId(), startedAtMs: clock.nowMs() }
  const lock = fs.lockDirectory(dataDir, holder)
  try {
    const bytes = fs.readFile(path)
    const contents = readJournal(bytes)
    if (contents.kind === 'usable') return null
    const { entries, lostBytes } = wholeEntries(bytes)
    const asidePath = `${path}.damaged-${contents.position}`
    if (isExecuted) {
      await writeFileAtomically(fs, asidePath, bytes)
      await writeFileAtomically(fs, path, Buffer.concat([JOURNAL_MAGIC, ...entries.map(encodeEntry)]))
    }
    const { position, reason, recordNumber } = contents
    return { path, recordNumber, position, reason, lostBytes, keptEntries: entries.length, asidePath }
  } finally {
    lock.release()
  }
}

function wholeEntries(bytes: Buffer): { entries: unknown[]; lostBytes: number } {
  const hasMagic = bytes.subarray(0, JOURNAL_MAGIC.length).equals(JOURNAL_MAGIC)
  const entries: unknown[] = []
  let lostBytes = hasMagic ? 0 : JOURNAL_MAGIC.length
  for (let position = JOURNAL_MAGIC.length; position < bytes.length; ) {
    const record = decodeRecord(bytes, position)
    if (record === null) lostBytes++
    else if (record.kind === 'entry') entries.push(record.entry)
    position = record === null ? position + 1 : record.endPosition
  }
  return { entries, lostBytes }
}
