import { LogDirectory } from '../directory/log-directory.ts'
import type { FileSystem } from '../fs/file-system.ts'
import { nodeFileSystem } from '../fs/node-file-system.ts'
import { type StorageLogger, silentLogger } from '../log/storage-logger.ts'
import type { LogLimits } from '../log-config.ts'
import type { Clock } from '../time/clock.ts'
import { nodeClock } from '../time/node-clock.ts'
import { EmbeddedDirectory } from './embedded-directory.ts'
import type { EmbeddedLog } from './embedded-log.ts'
import { checkGivenLimits, checkLogConfig } from './log-config-check.ts'
import { LOG_OPTIONS, type OpenLogOptions } from './log-options.ts'
import {
  anyObject,
  checkOptions,
  invalidOption,
  type OptionChecks,
  objectWith,
  withoutUndefined,
} from './option-check.ts'

/** Of a whole directory. */
export interface OpenDirectoryOptions {
  readonly logger?: StorageLogger
  readonly limits?: Partial<LogLimits>
  /** Where the files are. Default: the disk of this machine. */
  readonly fileSystem?: FileSystem
  readonly clock?: Clock
}

const ONLY_LOG = 'log'

const DIRECTORY_OPTIONS: OptionChecks<OpenDirectoryOptions> = {
  logger: objectWith('a logger with info(), warn() and error()', 'info', 'warn', 'error'),
  limits: anyObject,
  fileSystem: objectWith('a FileSystem', 'open', 'list'),
  clock: objectWith('a Clock', 'nowMs', 'after'),
}

/**
 * Opens the log in `path`, or begins one there; the directory is made when it is absent. After a crash, what had been
 * acknowledged is there.
 *
 * @throws StorageError LOCKED (it names the holder), CORRUPT, NOT_OURS, UNSUPPORTED_FORMAT, or what the disk said;
 *   InvalidRequestError for an option that is not known or cannot be
 */
export async function openLog<Value = Buffer, Key = string>(
  path: string,
  options: OpenLogOptions<Value, Key> & OpenDirectoryOptions = {},
): Promise<EmbeddedLog<Value, Key>> {
  checkPath(path)
  checkOptions<object>({ of: 'openLog', path }, options, { ...LOG_OPTIONS, ...DIRECTORY_OPTIONS })
  const { fileSystem, clock, logger, limits, ...logOptions } = options
  // Before anything is made.
  checkLogConfig(path, logOptions.config ?? {})
  const directory = await openDirectory(path, options)
  try {
    return await directory.openLog(ONLY_LOG, { ...logOptions, close: () => directory.close() })
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
  checkPath(path)
  checkOptions({ of: 'openLogDirectory', path }, options, DIRECTORY_OPTIONS)
  return openDirectory(path, options)
}

async function openDirectory(path: string, options: OpenDirectoryOptions): Promise<EmbeddedDirectory> {
  const { fileSystem = nodeFileSystem(), clock = nodeClock(), logger = silentLogger } = options
  const limits = withoutUndefined(options.limits ?? {})
  checkGivenLimits(path, limits)
  const directory = await LogDirectory.open(fileSystem, path, { clock, logger, limits })
  return new EmbeddedDirectory(directory, clock)
}

function checkPath(path: string): void {
  if (typeof path === 'string' && path !== '') return
  throw invalidOption(String(path), 'path', { given: path, expected: 'the path of a directory' })
}
