import process from 'node:process'
import type { DatabaseSync } from 'node:sqlite'
import type { DirectoryLock, FileSystem, LockHolder } from './file-system.ts'
import { LOCK_FILE_NAME, lockedError, readLockHolder, writeLockHolder } from './lock-holder-file.ts'
import { StorageError } from './storage-error.ts'

/**
 * The transactions that hold locks. Closing one drops its lock, and the garbage collector closes one that nobody
 * refers to, so a caller that forgot its `DirectoryLock` would lose it at a random moment. State of the module against
 * the style's rule 14, because the lock belongs to the process, not to any object in it.
 */
const heldTransactions = new Set<DatabaseSync>()

/** SQLite's result codes (https://sqlite.org/rescode.html); the low byte is the primary one. */
const SQLITE_BUSY = 5

/**
 * A lock that the kernel drops with the process: an exclusive transaction of SQLite, the one way that Node has to
 * a POSIX (or Windows) file lock without native code of our own. POSIX drops a process's locks on a file as soon as
 * the process closes ANY descriptor of it, so nothing in this process may ever open the locked file, not even to copy
 * it; that is why the holder stands in a file of its own.
 */
export function lockNodeDirectory(fs: FileSystem, directory: string, holder: LockHolder): DirectoryLock {
  const transaction = beginExclusive(fs, directory)
  try {
    const previousHolder = readLockHolder(fs, directory)
    writeLockHolder(fs, directory, holder)
    heldTransactions.add(transaction)
    return { previousHolder, release: () => releaseOnce(transaction) }
  } catch (error) {
    transaction.close()
    throw error
  }
}

function releaseOnce(transaction: DatabaseSync): void {
  if (heldTransactions.delete(transaction)) transaction.close()
}

function beginExclusive(fs: FileSystem, directory: string): DatabaseSync {
  const { DatabaseSync } = loadSqlite()
  const path = `${directory}/${LOCK_FILE_NAME}`
  let database: DatabaseSync | null = null
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    // Without a journal file beside it: nothing is ever written, so there is nothing to roll back.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database?.close()
    const code = sqliteCodeOf(error)
    if (code !== null && (code & 0xff) === SQLITE_BUSY)
      throw lockedError(directory, readLockHolder(fs, directory), error)
    throw cannotLock(fs, directory, error)
  }
}

/** SQLite hides the errno ("unable to open database file"), so a trial file in the same directory finds it. */
function cannotLock(fs: FileSystem, directory: string, cause: unknown): StorageError {
  try {
    const trialPath = `${directory}/${LOCK_FILE_NAME}.trial`
    fs.open(trialPath, 'create').close()
    fs.remove(trialPath)
  } catch (error) {
    if (error instanceof StorageError) return error
  }
  const message = cause instanceof Error ? cause.message : String(cause)
  return new StorageError('UNKNOWN', directory, `could not lock ${directory}: ${message}`, { cause })
}

function sqliteCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null
  return typeof error.errcode === 'number' ? error.errcode : null
}

/**
 * Loads SQLite when the first lock is taken, so that programs that stay in memory never pay for it. Node 22 and
 * early releases of 24 call it experimental at that moment, which would be the first line of every broker's output:
 * that one warning is held back, every other one passes. To be removed when the oldest supported Node is silent.
 */
function loadSqlite(): typeof import('node:sqlite') {
  const emitWarning = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!String(warning).includes('SQLite is an experimental feature'))
      emitWarning.call(process, warning, ...rest)
  }) as typeof process.emitWarning
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}
