import { createTemporary } from './atomic-file.ts'
import type { FileSystem, LockHolder } from './file-system.ts'
import { StorageError } from './storage-error.ts'

/** The locked file. Nothing but the lock itself may ever open it: see `node-directory-lock.ts`. */
export const LOCK_FILE_NAME = '.millrace-lock'
/** Who holds the lock, as JSON. Free to be read, copied and replaced. */
export const LOCK_HOLDER_FILE_NAME = 'lock-holder.json'

/** Who holds or last held the directory; null when nobody did, or when the file cannot be understood. */
export function readLockHolder(fs: FileSystem, directory: string): LockHolder | null {
  const path = `${directory}/${LOCK_HOLDER_FILE_NAME}`
  if (!fs.exists(path)) return null
  try {
    return parseLockHolder(JSON.parse(fs.readFile(path).toString('utf8')))
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/**
 * Replaces the file in one step. Not synced, which would be half of what a start waits for: a power loss ends the
 * holder too, and what recovery has to know of the last boot stands in the sync marks.
 */
export function writeLockHolder(fs: FileSystem, directory: string, holder: LockHolder): void {
  const { pid, bootId, startedAtMs } = holder
  const since = new Date(startedAtMs).toISOString()
  const text = `${JSON.stringify({ pid, bootId, startedAtMs, since }, null, 2)}\n`
  const path = `${directory}/${LOCK_HOLDER_FILE_NAME}`
  const temporary = createTemporary(fs, path)
  try {
    temporary.appendSync([Buffer.from(text)])
  } finally {
    temporary.close()
  }
  fs.rename(temporary.path, path)
}

/** What the second opener is told. */
export function lockedError(directory: string, holder: LockHolder | null, cause?: unknown): StorageError {
  const who =
    holder === null
      ? 'another process that left no name'
      : `process ${holder.pid} since ${new Date(holder.startedAtMs).toISOString()} (boot ${holder.bootId})`
  const message = `${directory} is in use by ${who}: stop it first, or take another data directory`
  return new StorageError('LOCKED', directory, message, { cause })
}

function parseLockHolder(value: unknown): LockHolder | null {
  if (typeof value !== 'object' || value === null) return null
  if (!('pid' in value && 'bootId' in value && 'startedAtMs' in value)) return null
  const { pid, bootId, startedAtMs } = value
  if (!isWholeNumber(pid) || !isWholeNumber(startedAtMs) || typeof bootId !== 'string') return null
  return { pid, bootId, startedAtMs }
}

/** Also bounds it: `new Date(startedAtMs)` must be able to print it. */
function isWholeNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Math.abs(Number(value)) <= 8.64e15
}
