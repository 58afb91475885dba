import type { FileSystem } from '../fs/file-system.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import type { SegmentFileKind } from '../segment/segment-file-names.ts'
import { encodeSegmentSeal, type SegmentSeal } from '../segment/segment-seal.ts'

const SIDECARS: readonly SegmentFileKind[] = ['index', 'timeindex', 'txnindex']
const OLD_KINDS: readonly SegmentFileKind[] = ['seal', 'index', 'timeindex', 'txnindex', 'log']

/**
 * Puts a cleaned segment in the place of those that it was made of. `<base>.log.cleaned` is written and synced.
 *
 *   1. write and sync `<base>.seal.swap`, rename `.log.cleaned` to `.log.swap`, sync the directory.
 *      From here on the swap is decided: a crash finds both files, whole, and goes on with step 2.
 *   2. remove the old segments behind the first, rename `.log.swap` and `.seal.swap` over the first one's files,
 *      sync the directory.
 *
 * Indexes take no part: they are derived, and the seal tells those of the old segment from those of the new one.
 */
export async function decideSwap(fs: FileSystem, segment: LogSegment, seal: SegmentSeal): Promise<void> {
  const sealPath = `${segment.path('seal')}.swap`
  if (fs.exists(sealPath)) fs.remove(sealPath)
  const file = fs.open(sealPath, 'create')
  try {
    file.appendSync([encodeSegmentSeal(seal)])
    await file.sync()
  } finally {
    file.close()
  }
  fs.rename(`${segment.path('log')}.cleaned`, `${segment.path('log')}.swap`)
  await fs.syncDirectory(segment.directory)
}

/** Takes back what there is of step 1, durably. */
export async function giveUpSwap(fs: FileSystem, segment: LogSegment): Promise<void> {
  for (const kind of ['log', 'seal'] as const) removeIfThere(fs, `${segment.path(kind)}.swap`)
  await fs.syncDirectory(segment.directory)
}

/** Step 2. May be repeated: each of its parts may have been done already. */
export async function completeSwap(
  fs: FileSystem,
  segment: LogSegment,
  replaced: readonly LogSegment[],
): Promise<void> {
  for (const old of replaced) {
    if (old.baseOffset === segment.baseOffset) continue
    for (const kind of OLD_KINDS) removeIfThere(fs, old.path(kind))
  }
  for (const kind of SIDECARS) removeIfThere(fs, segment.path(kind))
  for (const kind of ['log', 'seal'] as const) {
    const swapPath = `${segment.path(kind)}.swap`
    if (fs.exists(swapPath)) fs.rename(swapPath, segment.path(kind))
  }
  await fs.syncDirectory(segment.directory)
}

function removeIfThere(fs: FileSystem, path: string): void {
  if (fs.exists(path)) fs.remove(path)
}
