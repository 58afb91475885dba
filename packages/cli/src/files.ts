/** The door to files that the command line names. */
import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { CommandError } from './command-error.ts'

const READ_BYTES = 256 * 1024

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is none',
  EISDIR: 'it is a directory',
  EACCES: 'this user may not',
}

/** Reads a small text file. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** Reads a small text file, or gives null when there is none. */
export function readTextFileIfThere(path: string): string | null {
  return existsSync(path) ? readTextFile(path) : null
}

/** Reads a file of any size, chunk by chunk. */
export async function* readChunks(path: string): AsyncGenerator<Buffer, void, void> {
  try {
    yield* createReadStream(path, { highWaterMark: READ_BYTES })
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** A path without symbolic links, also of what is still to be made: links may lead to it all the same. */
export function realPath(path: string): string {
  const whole = resolve(path)
  if (existsSync(whole)) return realpathSync(whole)
  const parent = dirname(whole)
  return parent === whole ? whole : join(realPath(parent), basename(whole))
}

/** The size of a file, or null for what has none, such as a pipe. */
export function fileSizeBytes(path: string): number | null {
  try {
    const stats = statSync(path)
    return stats.isFile() ? stats.size : null
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** Appends to a file, which is made when there is none. */
export class FileAppender {
  readonly #file: number

  constructor(path: string) {
    try {
      this.#file = openSync(path, 'a')
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      throw new CommandError(`cannot write the file ${path}: ${REASONS[code] ?? code}`, { cause: error })
    }
  }

  get isEmpty(): boolean {
    return fstatSync(this.#file).size === 0
  }

  append(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
  }

  close(): void {
    closeSync(this.#file)
  }
}

function unreadable(path: string, error: unknown): CommandError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return new CommandError(`cannot read the file ${path}: ${REASONS[code] ?? code}`, { cause: error })
}
