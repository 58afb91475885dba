import type { FileHandle, FileSystem, LogLimits, OpenMode, PlantedBugs } from '@millrace/log-core'
import { ForwardingFileSystem } from '../../disk/forwarding-file-system.ts'

/** A bug put in on purpose, to see whether the checker finds it. */
export interface Plant {
  readonly name: string
  /** What the log does wrong with it. */
  readonly description: string
  /** Most bugs of a log can be told as a disk that does not do what it was asked for. */
  readonly wrapFileSystem?: (fs: FileSystem) => FileSystem
  /** Those that cannot are built into the log, where nothing but a simulation switches them on. */
  readonly bugs?: PlantedBugs
  /** Only a log that is compacted can show it. */
  readonly isOfCompaction?: boolean
  readonly changeLimits?: (limits: LogLimits) => LogLimits
}

/** A file system in which files whose name matches are opened with `wrap` around them. */
export function withFiles(
  fs: FileSystem,
  pattern: RegExp,
  wrap: (handle: FileHandle) => FileHandle,
): FileSystem {
  return new WrappingFileSystem(fs, pattern, wrap)
}

class WrappingFileSystem extends ForwardingFileSystem {
  readonly #pattern: RegExp
  readonly #wrap: (handle: FileHandle) => FileHandle

  constructor(inner: FileSystem, pattern: RegExp, wrap: (handle: FileHandle) => FileHandle) {
    super(inner)
    this.#pattern = pattern
    this.#wrap = wrap
  }

  override open(path: string, mode: OpenMode): FileHandle {
    const handle = super.open(path, mode)
    return this.#pattern.test(path) ? this.#wrap(handle) : handle
  }
}

/** The live segments of a log. */
export const SEGMENTS = /\/\d{20}\.log$/
export const MARKS = /\/sync-marks\.\d+$/
