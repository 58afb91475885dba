import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import process from 'node:process'

/** The socket in the data directory, or the file that names it. */
const SOCKET_NAME = 'millrace.sock'
const POINTER_NAME = 'millrace.sock.path'

/** The kernel takes paths of 103 (macOS) to 107 bytes (Linux). */
const MAX_PATH_BYTES = 100

/** Where the local socket of a data directory lies. */
export interface SocketPlace {
  readonly path: string
  /** A file in the data directory that holds `path`, when the socket could not lie there; null: it does. */
  readonly pointerPath: string | null
}

/** Decides where the socket of a data directory lies: in it, unless its path is too long for a socket. */
export function socketPlaceOf(dataDir: string): SocketPlace {
  const directory = resolve(dataDir)
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 24)
  const pointerPath = `${directory}/${POINTER_NAME}`
  if (process.platform === 'win32') return { path: `\\\\.\\pipe\\millrace-${hash}`, pointerPath }
  const path = `${directory}/${SOCKET_NAME}`
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return { path, pointerPath: null }
  return { path: `${tmpdir()}/millrace-${hash}.sock`, pointerPath }
}
