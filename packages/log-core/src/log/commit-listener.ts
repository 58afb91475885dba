import type { StorageError } from '../fs/storage-error.ts'

/** How far the log is on stable storage. */
export interface SyncedEnd {
  readonly segmentBaseOffset: number
  readonly position: number
  readonly nextOffset: number
}

/** What the log does when its writer has something to tell. Never called from within `append`. */
export interface CommitListener {
  /** The high watermark moved: once for each group. */
  committed(): void
  synced(end: SyncedEnd): void
  /** The disk was full: everything from this offset on was taken back, the file ends with a whole batch. */
  refused(fromOffset: number, error: StorageError): void
  /** Nothing can be appended until the log has been opened again from disk. */
  failed(error: StorageError): void
}
