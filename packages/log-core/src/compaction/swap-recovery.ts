import { crc32c } from '@millrace/record-batch'
import { StorageError } from '../fs/storage-error.ts'
import type { LogEnvironment } from '../log/log-environment.ts'
import { type LogInventory, takeInventory } from '../log/log-inventory.ts'
import { LogSegment } from '../segment/log-segment.ts'
import { scanOfSealed, scanSegment } from '../segment/segment-scan.ts'
import { decodeSegmentSeal, SEALED_HEADER_BYTES, type SegmentSeal } from '../segment/segment-seal.ts'
import { giveUpSwap, removeReplaced, takePlace } from './segment-swap.ts'

/**
 * Ends the swaps that a crash interrupted, each as it was decided: completed when the new segment and its seal are
 * whole, given up when the swap had not been decided yet, and then the old segments are all there. Returns what lies
 * in the directory afterwards.
 *
 * Throws StorageError CORRUPT when neither can be: then nothing was changed.
 */
export async function recoverSwaps(
  environment: LogEnvironment,
  directory: string,
  inventory: LogInventory,
): Promise<LogInventory> {
  if (inventory.swaps.length === 0) return inventory
  const bases = new Set(inventory.swaps.map(({ baseOffset }) => baseOffset))
  for (const baseOffset of bases)
    await recoverSwap(environment, new LogSegment(directory, baseOffset, 0), inventory)
  return takeInventory(environment.fs, directory)
}

async function recoverSwap(
  environment: LogEnvironment,
  segment: LogSegment,
  inventory: LogInventory,
): Promise<void> {
  const { fs, logger } = environment
  const seal = await findDecidedSeal(environment, segment, inventory)
  if (seal === null) {
    if (!inventory.segments.some(({ baseOffset }) => baseOffset === segment.baseOffset))
      throw nothingWhole(segment)
    await giveUpSwap(fs, segment)
    logger.info({ path: segment.path('log') }, 'gave up a compaction that a crash had interrupted')
    return
  }
  const replaced = inventory.segments.filter(
    ({ baseOffset }) => baseOffset >= seal.baseOffset && baseOffset < seal.nextOffset,
  )
  await removeReplaced(fs, segment, replaced)
  await takePlace(fs, segment)
  logger.info({ path: segment.path('log') }, 'completed a compaction that a crash had interrupted')
}

/**
 * The seal of the new segment, when both are whole. Each of the two files may still have the name that it had when the
 * swap was decided, or already the one that it gets in the end. Not both: those are an older pair, or a completed swap.
 * Names change only when the segments behind the first are gone: while one is there, a file that fits under its last
 * name is the old one, as empty as what was to take its place.
 */
async function findDecidedSeal(
  environment: LogEnvironment,
  segment: LogSegment,
  { segments }: LogInventory,
): Promise<SegmentSeal | null> {
  const { fs } = environment
  const [log, seal] = [segment.path('log'), segment.path('seal')]
  const pairs = [
    { sealPath: `${seal}.swap`, logPath: `${log}.swap`, hasChangedNames: false },
    { sealPath: `${seal}.swap`, logPath: log, hasChangedNames: true },
    { sealPath: seal, logPath: `${log}.swap`, hasChangedNames: true },
  ]
  for (const { sealPath, logPath, hasChangedNames } of pairs) {
    if (!fs.exists(sealPath) || !fs.exists(logPath)) continue
    const found = decodeSegmentSeal(fs.readFile(sealPath))
    if (found === null || !found.isCompacted) continue
    const isReplaced = ({ baseOffset }: LogSegment) =>
      baseOffset > found.baseOffset && baseOffset < found.nextOffset
    if (hasChangedNames && segments.some(isReplaced)) continue
    if (await isAsSealed(environment, logPath, segment, found)) return found
  }
  return null
}

/** Sizes alone could be equal by chance, so the file is walked: an interrupted swap is rare. */
async function isAsSealed(
  { fs }: LogEnvironment,
  path: string,
  segment: LogSegment,
  seal: SegmentSeal,
): Promise<boolean> {
  const file = fs.open(path, 'read')
  try {
    if (file.sizeBytes !== seal.sizeBytes) return false
    let headerCrc = 0
    const end = await scanSegment(file, scanOfSealed(segment), ({ buffer, at }) => {
      headerCrc = crc32c(buffer, at, at + SEALED_HEADER_BYTES, headerCrc)
    })
    return end.kind === 'end' && headerCrc === seal.headerCrc
  } finally {
    file.close()
  }
}

function nothingWhole(segment: LogSegment): StorageError {
  const path = segment.path('log')
  const message = `${path}: neither the segment nor its compacted replacement is whole. Nothing was changed`
  return new StorageError('CORRUPT', path, message)
}
