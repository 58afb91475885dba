import { strict as assert } from 'node:assert'
import type { FileHandle, OpenMode } from '@millrace/log-core'
import type { FileNode } from './file-node.ts'
import type { OperationKind } from './operation-gate.ts'
import type { SimulatedFileSystem } from './simulated-file-system.ts'

/** A cold read against a sync. */
const READ_SHARE = 0.1

/** One open file of one simulated process. */
export class SimulatedFileHandle implements FileHandle {
  readonly path: string
  readonly #fs: SimulatedFileSystem
  readonly #node: FileNode
  readonly #mode: OpenMode
  #isClosed = false

  constructor(fs: SimulatedFileSystem, file: { path: string; node: FileNode; mode: OpenMode }) {
    this.#fs = fs
    this.path = file.path
    this.#node = file.node
    this.#mode = file.mode
  }

  get sizeBytes(): number {
    return this.#node.sizeBytes
  }

  appendSync(buffers: readonly Buffer[]): void {
    this.#write('append', this.#node.sizeBytes, Buffer.concat(buffers))
  }

  writeAtSync(position: number, bytes: Buffer): void {
    this.#write('write', position, bytes)
  }

  readSync(position: number, target: Buffer, offset = 0, length = target.length - offset): number {
    this.#assertOpen()
    return this.#fs.gate.perform('read', this.path, () =>
      this.#node.read(position, length).copy(target, offset),
    )
  }

  async read(position: number, length: number): Promise<Buffer> {
    this.#assertOpen()
    return this.#fs.inBackground({
      start: () => undefined,
      finish: () => this.#fs.gate.perform('read', this.path, () => this.#node.read(position, length)),
      share: READ_SHARE,
    })
  }

  async readInto(position: number, target: Buffer, length: number): Promise<number> {
    const bytes = await this.read(position, length)
    return bytes.copy(target)
  }

  truncateSync(sizeBytes: number): void {
    this.#assertWritable()
    this.#fs.gate.perform('truncate', this.path, () => this.#node.truncate(sizeBytes))
  }

  sync(): Promise<void> {
    return this.#syncInBackground({ coversTruncates: false })
  }

  syncSync(): void {
    this.#assertOpen()
    this.#syncing('sync', this.#node.beginSync(), () => {
      this.#node.completeSync(this.#node.beginSync(), { coversTruncates: false })
    })
  }

  fullSync(): Promise<void> {
    return this.#syncInBackground({ coversTruncates: true })
  }

  close(): void {
    this.#isClosed = true
  }

  #write(kind: 'append' | 'write', position: number, bytes: Buffer): void {
    this.#assertWritable()
    if (bytes.length === 0) return
    this.#fs.gate.perform(kind, this.path, (extent) => {
      this.#node.write(position, bytes.subarray(0, extent(bytes.length)))
    })
  }

  async #syncInBackground(coverage: { coversTruncates: boolean }): Promise<void> {
    this.#assertOpen()
    await this.#fs.inBackground({
      start: () => {
        const end = this.#node.beginSync()
        return this.#syncing('sync', end, () => end)
      },
      finish: (end) => this.#syncing('sync-end', end, () => this.#node.completeSync(end, coverage)),
    })
  }

  /** A sync that fails leaves the pages that it covered in doubt, at whichever end it failed. */
  #syncing<T>(kind: Extract<OperationKind, 'sync' | 'sync-end'>, end: number, effect: () => T): T {
    const { gate, disk } = this.#fs
    try {
      return gate.perform(kind, this.path, effect)
    } catch (error) {
      if (!gate.isDead) this.#node.failSync(end, disk.prng)
      throw error
    }
  }

  #assertOpen(): void {
    assert(!this.#isClosed, `${this.path} was closed`)
  }

  #assertWritable(): void {
    this.#assertOpen()
    assert(this.#mode !== 'read', `${this.path} was opened for reading`)
  }
}
