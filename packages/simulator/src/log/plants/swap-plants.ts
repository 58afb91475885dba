import { ForwardingFileHandle, ForwardingFileSystem } from '../../disk/forwarding-file-system.ts'
import { type Plant, withFiles } from './plant.ts'

/** Bugs in how compaction puts a new segment in the place of old ones. */
export const SWAP_PLANTS: readonly Plant[] = [
  {
    name: 'swap-in-wrong-order',
    description: 'the segments that a compacted one replaces are removed before the swap is decided',
    isOfCompaction: true,
    wrapFileSystem: (fs) => new LateDecisionFileSystem(fs),
  },
  {
    name: 'compacted-not-synced',
    description: 'a compacted segment takes its place before its bytes are synced',
    isOfCompaction: true,
    wrapFileSystem: (fs) => withFiles(fs, /\.log\.cleaned$/, (handle) => new UnsyncedFile(handle)),
  },
]

/** The rename that decides a swap is held back until the one that ends it. */
class LateDecisionFileSystem extends ForwardingFileSystem {
  override rename(from: string, to: string): void {
    if (from.endsWith('.log.cleaned')) return
    super.rename(from.endsWith('.log.swap') ? from.replace(/swap$/, 'cleaned') : from, to)
  }
}

class UnsyncedFile extends ForwardingFileHandle {
  override async sync(): Promise<void> {}
}
