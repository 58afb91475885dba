import type { FileHandle, FileSystem } from './file-system.ts'

/**
 * Replaces a small file so that a crash leaves the old bytes or the new ones, never a mixture: `.tmp`, sync, rename,
 * sync the directory. Durable when it resolves. Two writers of one path must take turns.
 */
export async function writeFileAtomically(fs: FileSystem, path: string, bytes: Buffer): Promise<void> {
  const temporary = createTemporary(fs, path)
  try {
    temporary.appendSync([bytes])
    await temporary.sync()
  } finally {
    temporary.close()
  }
  fs.rename(temporary.path, path)
  await fs.syncDirectory(directoryOf(path))
}

/** The same, on the event loop: for start and stop. */
export function writeFileAtomicallySync(fs: FileSystem, path: string, bytes: Buffer): void {
  const temporary = createTemporary(fs, path)
  try {
    temporary.appendSync([bytes])
    temporary.syncSync()
  } finally {
    temporary.close()
  }
  fs.rename(temporary.path, path)
  fs.syncDirectorySync(directoryOf(path))
}

/** The directory part of a path that is joined with '/'. */
export function directoryOf(path: string): string {
  const end = path.lastIndexOf('/')
  if (end < 0) return '.'
  return end === 0 ? '/' : path.slice(0, end)
}

/** The `.tmp` beside `path`, empty. */
export function createTemporary(fs: FileSystem, path: string): FileHandle {
  const temporaryPath = `${path}.tmp`
  // What a crash left of an earlier attempt: it was never renamed, so nobody relies on it.
  if (fs.exists(temporaryPath)) fs.remove(temporaryPath)
  return fs.open(temporaryPath, 'create')
}
