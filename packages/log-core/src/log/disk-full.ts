import type { StorageError } from '../fs/storage-error.ts'

/** The one kind of write error that heals without anybody opening the log again. */
export function isDiskFull(error: StorageError): boolean {
  return error.code === 'ENOSPC' || error.code === 'EDQUOT'
}
