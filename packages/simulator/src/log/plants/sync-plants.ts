import { ForwardingFileHandle, ForwardingFileSystem } from '../../disk/forwarding-file-system.ts'
import { MARKS, type Plant, SEGMENTS, withFiles } from './plant.ts'

/** Bugs in what is synced, and when. */
export const SYNC_PLANTS: readonly Plant[] = [
  {
    name: 'ack-before-sync',
    description: 'acks=all is answered without waiting for a sync of the segment',
    wrapFileSystem: (fs) => withFiles(fs, SEGMENTS, (handle) => new UnsyncedFile(handle)),
  },
  {
    name: 'sync-covers-later-writes',
    description: 'a sync counts for what was written while it was on its way',
    wrapFileSystem: (fs) => withFiles(fs, SEGMENTS, (handle) => new OvercountedSyncFile(handle)),
  },
  {
    name: 'retry-failed-sync',
    description: 'a sync that failed is tried again, and the second answer believed',
    wrapFileSystem: (fs) => withFiles(fs, SEGMENTS, (handle) => new RetriedSyncFile(handle)),
  },
  {
    name: 'no-directory-sync',
    description: 'directories are never synced after create, rename and remove',
    wrapFileSystem: (fs) => new UnsyncedDirectories(fs),
  },
  {
    name: 'rename-before-sync',
    description: 'a file that replaces another is renamed before its bytes are synced',
    wrapFileSystem: (fs) => withFiles(fs, /\.tmp$/, (handle) => new UnsyncedFile(handle)),
  },
  {
    name: 'marks-not-synced',
    description: 'the sync marks are written and never synced',
    wrapFileSystem: (fs) => withFiles(fs, MARKS, (handle) => new UnsyncedFile(handle)),
  },
]

class UnsyncedFile extends ForwardingFileHandle {
  override async sync(): Promise<void> {}

  override async fullSync(): Promise<void> {}

  override syncSync(): void {}
}

class OvercountedSyncFile extends ForwardingFileHandle {
  #isSyncing = false
  /** Everything unsynced was written while a sync was on its way: the bug takes it for synced. */
  #isOvercounted = false

  override appendSync(buffers: readonly Buffer[]): void {
    super.appendSync(buffers)
    this.#isOvercounted = this.#isSyncing
  }

  override async sync(): Promise<void> {
    if (this.#isOvercounted) {
      this.#isOvercounted = false
      return
    }
    this.#isSyncing = true
    try {
      await super.sync()
    } finally {
      this.#isSyncing = false
    }
  }
}

class RetriedSyncFile extends ForwardingFileHandle {
  override async sync(): Promise<void> {
    try {
      await super.sync()
    } catch {
      await super.sync()
    }
  }
}

class UnsyncedDirectories extends ForwardingFileSystem {
  override async syncDirectory(): Promise<void> {}

  override syncDirectorySync(): void {}
}
