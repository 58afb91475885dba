import type { FileSystem } from '@millrace/log-core'

/** A bug put in on purpose, to see whether the checker finds it. */
export interface Plant {
  readonly name: string
  /** What the log does wrong with it. */
  readonly description: string
  /** Stands between the log and its disk. */
  wrapFileSystem?(fs: FileSystem): FileSystem
}
