import { directoryOf } from '../fs/atomic-file.ts'
import type { FileHandle, FileSystem } from '../fs/file-system.ts'

const COPY_BYTES = 1024 * 1024

/**
 * Copies what lies behind `position` into a file of its own beside the segment, for whoever wants to look, and syncs
 * it. Returns its path.
 */
export async function copyAside(fs: FileSystem, file: FileHandle, position: number): Promise<string> {
  const path = freeName(fs, `${file.path}.${position}.torn`)
  const copy = fs.open(path, 'create')
  try {
    for (let at = position; at < file.sizeBytes; ) {
      const bytes = await file.read(at, Math.min(COPY_BYTES, file.sizeBytes - at))
      if (bytes.length === 0) break
      copy.appendSync([bytes])
      at += bytes.length
    }
    await copy.fullSync()
  } finally {
    copy.close()
  }
  await fs.syncDirectory(directoryOf(path))
  return path
}

function freeName(fs: FileSystem, path: string): string {
  if (!fs.exists(path)) return path
  for (let count = 2; ; count++) {
    if (!fs.exists(`${path}.${count}`)) return `${path}.${count}`
  }
}
