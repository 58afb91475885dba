import type { Prng } from '../prng.ts'
import { GrowableBytes } from './growable-bytes.ts'

/** What a device writes in one piece. */
const SECTOR_BYTES = 512

type Change =
  | { readonly kind: 'write'; readonly sequence: number; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly sequence: number; readonly sizeBytes: number }

/** How a power loss treats what was not synced: each part by the throw of a die, or all of it lost. */
export type PowerLoss = { readonly kind: 'random'; readonly prng: Prng } | { readonly kind: 'drop-all' }

/** One file: what a process sees (the page cache), what the platter holds, and the changes between the two. */
export class FileNode {
  readonly kind = 'file'
  #cache = new GrowableBytes()
  #platter = new GrowableBytes()
  #changes: Change[] = []
  #nextSequence = 0
  /** A failed sync marked pages clean that never reached the platter: they are readable while they are cached. */
  #hasLostPages = false

  get sizeBytes(): number {
    return this.#cache.sizeBytes
  }

  get unsyncedBytes(): number {
    return this.#changes.reduce((sum, change) => sum + (change.kind === 'write' ? change.bytes.length : 0), 0)
  }

  read(position: number, length: number): Buffer {
    return Buffer.from(this.#cache.view(Math.min(position, this.sizeBytes), position + length))
  }

  write(position: number, bytes: Buffer): void {
    if (position > this.sizeBytes) this.write(this.sizeBytes, Buffer.alloc(position - this.sizeBytes))
    this.#cache.write(position, bytes)
    this.#changes.push({ kind: 'write', sequence: this.#nextSequence++, position, bytes: Buffer.from(bytes) })
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes > this.sizeBytes) {
      this.write(this.sizeBytes, Buffer.alloc(sizeBytes - this.sizeBytes))
      return
    }
    this.#cache.resize(sizeBytes)
    this.#changes.push({ kind: 'truncate', sequence: this.#nextSequence++, sizeBytes })
  }

  /** What a sync that begins now covers: hand it to `completeSync` or `failSync`. */
  beginSync(): number {
    return this.#nextSequence
  }

  /** fdatasync leaves a truncate pending; fsync (`coversTruncates`) does not. */
  completeSync(end: number, { coversTruncates }: { coversTruncates: boolean }): void {
    const covered = this.#takeChangesBefore(end)
    for (const change of covered) {
      if (change.kind === 'write') this.#platter.write(change.position, change.bytes)
      else if (coversTruncates) this.#platter.resize(change.sizeBytes)
    }
    this.#keepTruncatePending(covered)
  }

  /**
   * The pages count as clean from now on, whatever reached the platter: any sector of them, or none. A size is
   * metadata and stays in the file system's journal: losing that would stop the whole file system.
   */
  failSync(end: number, prng: Prng): void {
    const covered = this.#takeChangesBefore(end)
    const later = this.#changes
    this.#changes = covered
    this.#platter = this.#imageAfterPowerLoss(prng)
    this.#changes = later
    this.#keepTruncatePending(covered)
    this.#hasLostPages = true
  }

  /** The page cache outlives a process, pages that a failed sync gave up may be read from the platter again. */
  killProcess(prng: Prng): void {
    if (!this.#hasLostPages || prng.chance(0.5)) return
    this.#cache = this.#platter.copy()
    for (const change of this.#changes) {
      if (change.kind === 'write') this.#cache.write(change.position, change.bytes)
      else this.#cache.resize(change.sizeBytes)
    }
    this.#hasLostPages = false
  }

  losePower(loss: PowerLoss): void {
    if (loss.kind === 'random') this.#platter = this.#imageAfterPowerLoss(loss.prng)
    this.#cache = this.#platter.copy()
    this.#changes = []
    this.#hasLostPages = false
  }

  /** Rot: changes one byte on the platter and in the cache. */
  flip(position: number, mask: number): void {
    for (const bytes of [this.#cache, this.#platter]) {
      const view = bytes.view(position, position + 1)
      if (view.length === 1) view.writeUInt8(view.readUInt8(0) ^ mask)
    }
  }

  /** While the platter is longer than the covered changes left the file, the cut is still to come, or to come undone. */
  #keepTruncatePending(covered: readonly Change[]): void {
    const index = covered.findLastIndex((change) => change.kind === 'truncate')
    const last = covered[index]
    if (last?.kind !== 'truncate') return
    let { sizeBytes } = last
    for (const change of covered.slice(index + 1)) {
      if (change.kind === 'write') sizeBytes = Math.max(sizeBytes, change.position + change.bytes.length)
    }
    if (sizeBytes >= this.#platter.sizeBytes) return
    this.#changes.unshift({ kind: 'truncate', sequence: last.sequence, sizeBytes })
  }

  #takeChangesBefore(end: number): Change[] {
    const count = this.#changes.findIndex((change) => change.sequence >= end)
    return this.#changes.splice(0, count < 0 ? this.#changes.length : count)
  }

  /**
   * The platter, when every sector holds what it held after some of the changes (each sector by its own die, all or
   * none of them among the more likely), and the size is one that the file had on its way, or one between two of them.
   */
  #imageAfterPowerLoss(prng: Prng): GrowableBytes {
    const image = this.#platter.copy()
    if (this.#changes.length === 0) return image
    const count = this.#changes.length
    const mood = prng.below(4)
    const appliedCount = new Map<number, number>()
    const isApplied = (index: number, sector: number): boolean => {
      let applied = appliedCount.get(sector)
      if (applied === undefined) {
        applied = mood === 0 ? count : mood === 1 ? 0 : prng.chance(0.5) ? count : prng.below(count + 1)
        appliedCount.set(sector, applied)
      }
      return index < applied
    }
    for (const [index, change] of this.#changes.entries()) {
      applySectors(image, change, (sector) => isApplied(index, sector))
    }
    image.resize(mood === 0 ? this.sizeBytes : this.#sizeAfterPowerLoss(prng))
    return image
  }

  #sizeAfterPowerLoss(prng: Prng): number {
    const steps = prng.below(this.#changes.length + 1)
    let sizeBytes = this.#platter.sizeBytes
    for (const [index, change] of this.#changes.entries()) {
      if (index >= steps) break
      if (change.kind === 'truncate') sizeBytes = change.sizeBytes
      else {
        const grown = Math.max(sizeBytes, change.position + change.bytes.length)
        const isCutShort = index === steps - 1 && grown > sizeBytes && prng.chance(0.5)
        sizeBytes = isCutShort ? prng.between(sizeBytes, grown) : grown
      }
    }
    return sizeBytes
  }
}

function applySectors(image: GrowableBytes, change: Change, isApplied: (sector: number) => boolean): void {
  const start = change.kind === 'write' ? change.position : change.sizeBytes
  const end = change.kind === 'write' ? start + change.bytes.length : image.sizeBytes
  for (let position = start; position < end; ) {
    const sector = Math.floor(position / SECTOR_BYTES)
    const sectorEnd = Math.min((sector + 1) * SECTOR_BYTES, end)
    if (isApplied(sector)) {
      const bytes =
        change.kind === 'write'
          ? change.bytes.subarray(position - start, sectorEnd - start)
          : Buffer.alloc(sectorEnd - position)
      image.write(position, bytes)
    }
    position = sectorEnd
  }
}
