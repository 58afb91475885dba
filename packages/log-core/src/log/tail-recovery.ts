import type { FileHandle, FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import type { LogConfig } from '../log-config.ts'
import { findGoodBatch } from '../segment/batch-search.ts'
import { ReopeningFile } from '../segment/reopening-file.ts'
import { segmentFileName } from '../segment/segment-file-names.ts'
import { asSegmentBatch, type FoundBatch, type ScanEnd, scanSegment } from '../segment/segment-scan.ts'
import { SegmentWriter } from '../segment/segment-writer.ts'
import { copyAside } from './aside-copy.ts'
import type { LeaderEpochs } from './leader-epoch-checkpoint.ts'
import type { LogEnvironment } from './log-environment.ts'
import { decideTail } from './recovery-decision.ts'
import type { StorageLogger } from './storage-logger.ts'

/** What is known about a segment before its bytes are looked at. */
export interface TailToRecover {
  readonly directory: string
  readonly baseOffset: number
  /** A sync is known to have covered the bytes before this position. */
  readonly syncedBytes: number
  readonly hasMachineRestarted: boolean
  /** What is read here comes from the disk, and is there. */
  readonly isPageCacheFresh: boolean
  /** W, as it was when these bytes were written. */
  readonly windowBytes: number
  readonly epochs: LeaderEpochs
  readonly nowMs: number
}

/**
 * Walks the last segment of a log, builds its indexes, and keeps, cuts or refuses its end. What is cut is copied aside
 * and synced first. Throws StorageError CORRUPT when the segment is refused; nothing was changed then.
 */
export async function recoverTail(
  environment: Pick<LogEnvironment, 'fs' | 'logger' | 'activeFiles'>,
  tail: TailToRecover,
  config: LogConfig,
  visit: (batch: FoundBatch) => void,
): Promise<SegmentWriter> {
  const { fs, logger, activeFiles: pool } = environment
  const path = `${tail.directory}/${segmentFileName(tail.baseOffset, 'log')}`
  const handle = fs.open(path, fs.exists(path) ? 'open' : 'create')
  const file = new ReopeningFile({ fs, pool }, { path, sizeBytes: handle.sizeBytes, handle, isSynced: false })
  try {
    const writer = new SegmentWriter(tail, file, tail.nowMs)
    const epochOf = (offset: number) => tail.epochs.epochOf(offset)
    const options = { from: 0, nextOffset: tail.baseOffset, hasGaps: false, minEpoch: -1, epochOf }
    const end = await scanSegment(file, options, (batch) => {
      writer.note(asSegmentBatch(batch), config)
      visit(batch)
    })
    await settleTail({ fs, logger }, file, tail, end)
    if (!tail.isPageCacheFresh) await writeAgain(file, tail.syncedBytes, end.position)
    if (end.position <= tail.syncedBytes) file.markSynced()
    return writer
  } catch (error) {
    file.close()
    throw error
  }
}

async function settleTail(
  { fs, logger }: { fs: FileSystem; logger: StorageLogger },
  file: FileHandle,
  tail: TailToRecover,
  end: ScanEnd,
): Promise<void> {
  const decision = decideTail({
    scanEnd: end.kind,
    isBelowSynced: end.position < tail.syncedBytes,
    isGoodBatchBeyondWindow: end.kind !== 'end' && (await hasGoodBatchBeyond(file, end, tail.windowBytes)),
    hasMachineRestarted: tail.hasMachineRestarted,
  })
  if (decision.kind === 'keep') return
  const seen = `${file.path} at byte ${end.position} of ${file.sizeBytes}: ${end.message || 'the file ends'}`
  if (decision.kind === 'refuse') {
    const message = `${seen}; ${decision.reason} (synced: ${tail.syncedBytes} bytes). Nothing was changed`
    throw new StorageError('CORRUPT', file.path, message)
  }
  const asidePath = await copyAside(fs, file, end.position)
  const cutBytes = file.sizeBytes - end.position
  file.truncateSync(end.position)
  await file.fullSync()
  logger.warn({ path: file.path, position: end.position, cutBytes, asidePath }, `cut a torn end: ${seen}`)
}

/**
 * Makes the pages of what is kept dirty again. A sync of them may have failed, in the process before this one or in an
 * earlier attempt to open the log; that marked them clean although they never reached the disk, and the next sync would
 * report success without writing them (ATC'20, "Can Applications Recover from fsync Failures?").
 */
async function writeAgain(file: ReopeningFile, start: number, end: number): Promise<void> {
  const memory = Buffer.allocUnsafeSlow(Math.max(0, Math.min(REWRITE_BYTES, end - start)))
  for (let at = start; at < end; ) {
    const length = await file.readInto(at, memory, Math.min(REWRITE_BYTES, end - at))
    if (length === 0) return
    file.writeAtSync(at, memory.subarray(0, length))
    at += length
  }
}

const REWRITE_BYTES = 1024 * 1024

/** Whether a whole batch with a matching CRC, and a later offset, ends more than `windowBytes` behind the damage. */
async function hasGoodBatchBeyond(file: FileHandle, end: ScanEnd, windowBytes: number): Promise<boolean> {
  const minOffset = end.nextOffset
  // One that ends beyond the window may begin within it, so the search begins right behind the damage.
  for (let from = end.position + 1; file.sizeBytes - end.position > windowBytes; ) {
    const found = await findGoodBatch(file, { from, minOffset })
    if (found === null) return false
    if (found.position + found.header.sizeBytes - end.position > windowBytes) return true
    from = found.position + 1
  }
  return false
}
