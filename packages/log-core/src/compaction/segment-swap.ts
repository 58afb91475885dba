import type { FileSystem } from '../fs/file-system.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { type SegmentFileKind, segmentFileName } from '../segment/segment-file-names.ts'
import { encodeSegmentSeal, type SegmentSeal } from '../segment/segment-seal.ts'

const SIDECARS: readonly SegmentFileKind[] = ['index', 'timeindex', 'txnindex']
const OLD_KINDS: readonly SegmentFileKind[] = ['seal', 'index', 'timeindex', 'txnindex', 'log']

/** Where a segment's files are, and where they are during a swap. */
interface SwapPaths {
  readonly log: string
  readonly seal: string
}

/**
 * Puts a cleaned segment in the place of those that it was made of. `<base>.log.cleaned` is written and synced.
 *
 *   1. write and sync `<base>.seal.swap`, rename `.log.cleaned` to `.log.swap`, sync the directory.
 *      From here on the swap is decided: a crash finds both files, whole, and goes on with step 2.
 *   2. remove the old segments behind the first, sync the directory. Were the names of step 3 on the disk before these
 *      are gone, a power loss could bring an old segment back behind the new one.
 *   3. rename `.log.swap` and `.seal.swap` over the first one's files, sync the directory.
 *
 * Indexes take no part: they are derived, and the seal tells those of the old segment from those of the new one.
 */
export async function decideSwap(fs: FileSystem, segment: LogSegment, seal: SegmentSeal): Promise<void> {
  const paths = pathsOf(segment)
  removeIfThere(fs, `${paths.seal}.swap`)
  const file = fs.open(`${paths.seal}.swap`, 'create')
  try {
    file.appendSync([encodeSegmentSeal(seal)])
    await file.sync()
  } finally {
    file.close()
  }
  fs.rename(`${paths.log}.cleaned`, `${paths.log}.swap`)
  await fs.syncDirectory(segment.directory)
}

/** Takes back what there is of step 1, durably. */
export async function giveUpSwap(fs: FileSystem, segment: LogSegment): Promise<void> {
  for (const path of Object.values(pathsOf(segment))) removeIfThere(fs, `${path}.swap`)
  await fs.syncDirectory(segment.directory)
}

/** Step 2, for the segments behind the first. May be repeated: each of its parts may have been done already. */
export async function removeReplaced(
  fs: FileSystem,
  segment: LogSegment,
  replaced: readonly LogSegment[],
): Promise<void> {
  for (const old of replaced) {
    if (old.baseOffset === segment.baseOffset) continue
    for (const kind of OLD_KINDS) removeIfThere(fs, old.path(kind))
  }
  for (const kind of SIDECARS) removeIfThere(fs, segment.path(kind))
  await fs.syncDirectory(segment.directory)
}

/** Step 3, likewise. The names have changed when it returns, and are durable when what it returns resolves. */
export function takePlace(fs: FileSystem, segment: LogSegment): Promise<void> {
  for (const path of Object.values(pathsOf(segment))) {
    if (fs.exists(`${path}.swap`)) fs.rename(`${path}.swap`, path)
  }
  return fs.syncDirectory(segment.directory)
}

function pathsOf({ directory, baseOffset }: LogSegment): SwapPaths {
  const pathTo = (kind: SegmentFileKind) => `${directory}/${segmentFileName(baseOffset, kind)}`
  return { log: pathTo('log'), seal: pathTo('seal') }
}

function removeIfThere(fs: FileSystem, path: string): void {
  if (fs.exists(path)) fs.remove(path)
}
