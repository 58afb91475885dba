import { writeFileAtomically } from '../fs/atomic-file.ts'
import { segmentFileName } from '../segment/segment-file-names.ts'
import { copyAside } from './aside-copy.ts'
import type { SyncedEnd } from './commit-listener.ts'
import type { LogEnvironment, LogIdentity } from './log-environment.ts'

/**
 * After a failed write or sync nobody knows which of the later bytes are on the disk, whatever the page cache shows:
 * everything behind the last good sync is copied aside and cut. The files are closed already.
 */
export async function cutToSynced(
  { fs }: LogEnvironment,
  { directory }: LogIdentity,
  { segmentBaseOffset, position }: SyncedEnd,
): Promise<void> {
  const path = `${directory}/${segmentFileName(segmentBaseOffset, 'log')}`
  const file = fs.open(path, 'open')
  try {
    if (file.sizeBytes > position) {
      await copyAside(fs, file, position)
      file.truncateSync(position)
    }
    // Also when the failed write was cut off at once: until an fsync, a power loss may bring it back.
    if (position > 0) {
      await file.fullSync()
      return
    }
  } finally {
    file.close()
  }
  // An empty segment is begun again in a file of its own: this one's sync has failed. Its name is never gone, or a power
  // failure would leave a log that ends before the segment of its mark.
  await writeFileAtomically(fs, path, Buffer.alloc(0))
}
