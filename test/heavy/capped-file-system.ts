/** A disk that is full when the test says so. */
import { type FileHandle, type FileSystem, StorageError } from '@millrace/log-core'

/** How much may still be written; the test sets it. */
export interface DiskRoom {
  bytes: number
}

/** The same object, whose methods named in `changes` are replaced. */
function withMethods<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get(object, name) {
      const changed: unknown = Reflect.get(changes, name)
      if (changed !== undefined) return changed
      const value: unknown = Reflect.get(object, name, object)
      return typeof value === 'function' ? value.bind(object) : value
    },
  })
}

/** Appends and writes take from `room`; when it does not suffice, a part is written and the rest is ENOSPC, as on a real disk. */
export function cappedFileSystem(fs: FileSystem, room: DiskRoom): FileSystem {
  return withMethods(fs, {
    freeBytes: () => room.bytes,
    open: (path, mode) => cappedHandle(fs.open(path, mode), room),
  })
}

function cappedHandle(handle: FileHandle, room: DiskRoom): FileHandle {
  const full = (): StorageError => new StorageError('ENOSPC', handle.path, 'no space left on device')
  return withMethods(handle, {
    appendSync(buffers) {
      const bytes = Buffer.concat(buffers)
      const fits = Math.min(bytes.length, room.bytes)
      room.bytes -= fits
      if (fits > 0) handle.appendSync([bytes.subarray(0, fits)])
      if (fits < bytes.length) throw full()
    },
    writeAtSync(position, bytes) {
      const growthBytes = Math.max(0, position + bytes.length - handle.sizeBytes)
      if (growthBytes > room.bytes) throw full()
      room.bytes -= growthBytes
      handle.writeAtSync(position, bytes)
    },
  })
}
