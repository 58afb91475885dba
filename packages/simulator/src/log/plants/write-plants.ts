import { StorageError } from '@millrace/log-core'
import { ForwardingFileHandle } from '../../disk/forwarding-file-system.ts'
import { MARKS, type Plant, SEGMENTS, withFiles } from './plant.ts'

/** Bugs in what is written, and in what is shown before it may be. */
export const WRITE_PLANTS: readonly Plant[] = [
  {
    name: 'unsynced-shown',
    description: 'the high watermark passes acks=all batches that no sync has covered',
    bugs: { showsUnsynced: true },
  },
  {
    name: 'window-ignored',
    description: 'appends do not wait when more than W bytes are unsynced',
    changeLimits: (limits) => ({ ...limits, writeAheadWindowBytes: 1_000_000 }),
  },
  {
    name: 'marks-not-written',
    description: 'sync marks never reach their file',
    wrapFileSystem: (fs) => withFiles(fs, MARKS, (handle) => new UnwrittenFile(handle)),
  },
  {
    name: 'failed-write-taken-for-done',
    description: 'an append that failed half way counts as written',
    wrapFileSystem: (fs) => withFiles(fs, SEGMENTS, (handle) => new HopefulFile(handle)),
  },
  {
    name: 'partial-write-kept',
    description: 'what a failed append left at the end of the segment is not cut off',
    wrapFileSystem: (fs) => withFiles(fs, SEGMENTS, (handle) => new UncutFile(handle)),
  },
]

class UnwrittenFile extends ForwardingFileHandle {
  override appendSync(): void {}
}

class HopefulFile extends ForwardingFileHandle {
  override appendSync(buffers: readonly Buffer[]): void {
    try {
      super.appendSync(buffers)
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
    }
  }
}

class UncutFile extends ForwardingFileHandle {
  override truncateSync(): void {}
}
