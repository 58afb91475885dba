import type { FileSystem } from '../fs/file-system.ts'
import { memoryFileSystem } from '../fs/memory-file-system.ts'

/** A machine of its own with a copy of the files: what the next process finds after this one was killed. */
export function copyDisk(fs: FileSystem, { bootId = fs.bootId() }: { bootId?: string } = {}): FileSystem {
  const copy = memoryFileSystem()
  copyDirectory(fs, copy, '/data')
  copy.bootId = () => bootId
  return copy
}

/** Replaces bytes of a file in place. */
export function overwrite(fs: FileSystem, path: string, position: number, bytes: Buffer): void {
  const file = fs.open(path, 'open')
  file.writeAtSync(position, bytes)
  file.close()
}

export function flipByte(fs: FileSystem, path: string, position: number): void {
  const byte = fs.readFile(path).readUInt8(position)
  overwrite(fs, path, position, Buffer.from([byte ^ 0x40]))
}

export function cutFile(fs: FileSystem, path: string, sizeBytes: number): void {
  const file = fs.open(path, 'open')
  file.truncateSync(sizeBytes)
  file.close()
}

export function appendBytes(fs: FileSystem, path: string, bytes: Buffer): void {
  const file = fs.open(path, 'open')
  file.appendSync([bytes])
  file.close()
}

export function namesIn(fs: FileSystem, directory: string): string[] {
  return fs.list(directory).map(({ name }) => name)
}

function copyDirectory(from: FileSystem, to: FileSystem, path: string): void {
  to.makeDirectory(path)
  for (const { name, kind } of from.list(path)) {
    const inner = `${path}/${name}`
    if (kind === 'directory') copyDirectory(from, to, inner)
    else {
      const file = to.open(inner, 'create')
      file.appendSync([from.readFile(inner)])
      file.close()
    }
  }
}
