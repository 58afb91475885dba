import { LogDirectory } from '../directory/log-directory.ts'
import type { FileSystem } from '../fs/file-system.ts'
import { nodeFileSystem } from '../fs/node-file-system.ts'
import type { StorageLogger } from '../log/storage-logger.ts'
import type { LogLimits } from '../log-config.ts'
import type { Clock } from '../time/clock.ts'
import { nodeClock } from '../time/node-clock.ts'
import { EmbeddedDirectory } from './embedded-directory.ts'
import type { EmbeddedLog } from './embedded-log.ts'
import type { OpenLogOptions } from './log-options.ts'

/** Of a whole directory. */
export interface OpenDirectoryOptions {
  readonly logger?: StorageLogger
  readonly limits?: Partial<LogLimits>
  /** Where the files are. Default: the disk of this machine. */
  readonly fileSystem?: FileSystem
  readonly clock?: Clock
}

const ONLY_LOG = 'log'

/**
 * Opens the log in `path`, or begins one there; the directory is made when it is absent. After a crash, what had been
 * acknowledged is there.
 *
 * @throws StorageError LOCKED (it names the holder), CORRUPT, NOT_OURS, UNSUPPORTED_FORMAT, or what the disk said
 */
export async function openLog<Value = Buffer, Key = string>(
  path: string,
  options: OpenLogOptions<Value, Key> & OpenDirectoryOptions = {},
): Promise<EmbeddedLog<Value, Key>> {
  const directory = await openLogDirectory(path, options)
  try {
    return await directory.openLog(ONLY_LOG, { ...options, close: () => directory.close() })
  } catch (error) {
    await directory.close()
    throw error
  }
}

/** Opens a directory of several logs, each with a name. They share one lock, one file of sync marks, and their limits. */
export async function openLogDirectory(
  path: string,
  options: OpenDirectoryOptions = {},
): Promise<EmbeddedDirectory> {
  const { fileSystem = nodeFileSystem(), clock = nodeClock(), logger, limits } = options
  const directory = await LogDirectory.open(fileSystem, path, {
    clock,
    ...(logger !== undefined && { logger }),
    ...(limits !== undefined && { limits }),
  })
  return new EmbeddedDirectory(directory, clock)
}
