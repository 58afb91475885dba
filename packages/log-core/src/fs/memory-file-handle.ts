import { strict as assert } from 'node:assert'
import type { FileHandle, OpenMode } from './file-system.ts'
import type { MemoryFile } from './memory-file.ts'

/** A handle on a file in memory. A removed file lives on for the handles that are open, as on a disk. */
export class MemoryFileHandle implements FileHandle {
  readonly path: string
  readonly #file: MemoryFile
  readonly #mode: OpenMode
  #isClosed = false

  constructor(path: string, file: MemoryFile, mode: OpenMode) {
    this.path = path
    this.#file = file
    this.#mode = mode
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes
  }

  appendSync(buffers: readonly Buffer[]): void {
    this.#assertWritable()
    for (const buffer of buffers) this.#file.writeAt(this.#file.sizeBytes, buffer)
  }

  writeAtSync(position: number, bytes: Buffer): void {
    this.#assertWritable()
    this.#file.writeAt(position, bytes)
  }

  readSync(position: number, target: Buffer, offset = 0, length = target.length - offset): number {
    this.#assertOpen()
    return this.#file.readInto(position, target.subarray(offset, offset + length))
  }

  async read(position: number, length: number): Promise<Buffer> {
    this.#assertOpen()
    const target = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.#file.sizeBytes - position)))
    return target.subarray(0, this.#file.readInto(position, target))
  }

  async readInto(position: number, target: Buffer, length: number): Promise<number> {
    this.#assertOpen()
    return this.#file.readInto(position, target.subarray(0, length))
  }

  truncateSync(sizeBytes: number): void {
    this.#assertWritable()
    this.#file.truncate(sizeBytes)
  }

  async sync(): Promise<void> {
    this.#assertOpen()
  }

  syncSync(): void {
    this.#assertOpen()
  }

  async fullSync(): Promise<void> {
    this.#assertOpen()
  }

  close(): void {
    this.#isClosed = true
  }

  #assertOpen(): void {
    assert(!this.#isClosed, `${this.path} was closed`)
  }

  #assertWritable(): void {
    this.#assertOpen()
    assert(this.#mode !== 'read', `${this.path} was opened for reading`)
  }
}
