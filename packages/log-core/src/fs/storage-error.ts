/** What each code means, and what to do about it. The errno codes are what the operating system reported. */
export const STORAGE_ERROR_MEANINGS = {
  LOCKED: 'another process holds the data directory',
  CORRUPT: 'bytes that were synced are not what was written',
  UNSUPPORTED_FORMAT: 'written by a newer version',
  NOT_OURS: 'not a data directory of this log',
  EACCES: 'no permission',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is larger than the file system allows',
  EIO: 'the device failed',
  EMFILE: 'too many open files in this process',
  ENFILE: 'too many open files on this machine',
  ENOENT: 'no such file or directory',
  EEXIST: 'the file exists',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'the path is a directory',
  ENOTEMPTY: 'the directory is not empty',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'too many symbolic links',
  EBUSY: 'the file is in use',
  EINVAL: 'the file system does not support this',
  UNKNOWN: 'the operating system reported an error that is not in this table',
} as const

export type StorageErrorCode = keyof typeof STORAGE_ERROR_MEANINGS

/** The disk's share of our errors: a code from the table, the path, and what was seen and expected. */
export class StorageError extends Error {
  readonly code: StorageErrorCode
  readonly path: string

  constructor(code: StorageErrorCode, path: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'StorageError'
    this.code = code
    this.path = path
  }

  /** `doing` is what was tried, as in 'append 4096 bytes at 8192'. A StorageError passes through unchanged. */
  static from(cause: unknown, path: string, doing: string): StorageError {
    if (cause instanceof StorageError) return cause
    const errno = errnoOf(cause)
    const code = isStorageErrorCode(errno) ? errno : 'UNKNOWN'
    const seen = code === 'UNKNOWN' ? (errno ?? String(cause)) : `${code}, ${STORAGE_ERROR_MEANINGS[code]}`
    return new StorageError(code, path, `could not ${doing}: ${seen} (${path})`, { cause })
  }
}

function isStorageErrorCode(code: string | null): code is StorageErrorCode {
  return code !== null && Object.hasOwn(STORAGE_ERROR_MEANINGS, code)
}

function errnoOf(cause: unknown): string | null {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return null
  return typeof cause.code === 'string' ? cause.code : null
}
