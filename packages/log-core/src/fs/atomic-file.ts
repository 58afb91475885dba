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

/**
 * Several files of one directory at the price of one: their syncs run side by side, and the directory is synced once. Each
 * has its old bytes or its new ones after a crash, and some may have the old and some the new. Durable when it resolves.
 */
export async function writeFilesAtomically(
  fs: FileSystem,
  directory: string,
  files: Readonly<Record<string, Buffer>>,
): Promise<void> {
  const written = Object.entries(files).map(([name, bytes]) => {
    const temporary = createTemporary(fs, `${directory}/${name}`)
    temporary.appendSync([bytes])
    return { temporary, path: `${directory}/${name}` }
  })
  try {
    await Promise.all(written.map(({ temporary }) => temporary.sync()))
  } finally {
    for (const { temporary } of written) temporary.close()
  }
  for (const { path, temporary } of written) fs.rename(temporary.path, path)
  await fs.syncDirectory(directory)
}

/** `writeFileAtomically` on the event loop: for start and stop. */
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
