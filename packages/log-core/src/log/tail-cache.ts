import { strict as assert } from 'node:assert'
import { batchBaseOffsetAt, batchLastOffsetAt, batchSizeBytesAt, freeMemory } from '@millrace/record-batch'

/** Batches below this are copied together, so that one view serves many of them and no big buffer hangs on a small one. */
const COPY_BELOW_BYTES = 8 * 1024
const SMALLEST_BLOCK_BYTES = 4 * 1024
const LARGEST_BLOCK_BYTES = 128 * 1024
/** Within a block of small batches, so many bytes lie between two places where a look-up may begin. */
const MARK_EVERY_BYTES = 2 * 1024

interface Block {
  /** Its used part is `[0, sizeBytes)`. */
  readonly memory: Buffer
  readonly baseOffset: number
  nextOffset: number
  sizeBytes: number
  /** What stays allocated while this block is kept. */
  readonly heldBytes: number
  /** Nobody else looks into this memory, slices that were given out apart. */
  readonly isOwned: boolean
  /** Slices that look into this block and were not released. */
  readerCount: number
  isEvicted: boolean
  /** Base offsets of some batches, ascending, and where they lie. */
  readonly markOffsets: number[]
  readonly markPositions: number[]
}

/** What is told about a batch that is kept. */
export interface TailBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly ownsMemory: boolean
}

export interface TailRead {
  readonly offset: number
  /** Batches from here on are not given. A boundary of batches. */
  readonly endOffset: number
  readonly maxBytes: number
  readonly isFirstBatchWhole: boolean
}

/** Batches that were found, as views of the cache's memory. */
export interface TailSlice {
  readonly buffers: readonly Buffer[]
  /** Says that nobody reads `buffers` any more; from then on they may be empty. Left out, the memory is collected as garbage. */
  release(): void
}

/** Memory that all tail caches of a directory share; the cache that was appended to longest ago gives up first. */
export class TailCacheBudget {
  readonly #maxBytes: number
  readonly #caches = new Set<TailCache>()
  #usedBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The newest user moves to the end of the line. */
  use(cache: TailCache, bytes: number): void {
    this.#usedBytes += bytes
    this.#caches.delete(cache)
    this.#caches.add(cache)
    for (const oldest of this.#caches) {
      // The cache that asks keeps its newest block: that one is being filled.
      const blocksKept = oldest === cache ? 1 : 0
      while (this.#usedBytes > this.#maxBytes && oldest.evictOldest(blocksKept)) {}
      if (this.#usedBytes <= this.#maxBytes) return
    }
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes
  }

  forget(cache: TailCache): void {
    this.#caches.delete(cache)
  }

  get usedBytes(): number {
    return this.#usedBytes
  }
}

/**
 * The newest batches of a log as they were appended, so that consumers at the end never touch the disk. Large batches
 * are kept by reference; small ones are copied into blocks of their own, which are also what is written to the file.
 */
export class TailCache {
  readonly #budget: TailCacheBudget
  readonly #maxBytes: number
  readonly #writtenEnd: () => number
  #blocks: Block[] = []
  /** Whole blocks are dropped, so a block is only a part of what may be kept. */
  readonly #largestBlockBytes: number
  #heldBytes = 0
  #nextBlockBytes = SMALLEST_BLOCK_BYTES

  /** Batches at or behind `writtenEnd()` are still to be written: their memory stays, whatever else becomes of them. */
  constructor(budget: TailCacheBudget, maxBytes: number, writtenEnd: () => number) {
    this.#budget = budget
    this.#maxBytes = maxBytes
    this.#writtenEnd = writtenEnd
    this.#largestBlockBytes = Math.max(SMALLEST_BLOCK_BYTES, Math.min(LARGEST_BLOCK_BYTES, maxBytes >> 2))
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /**
   * Keeps a stamped batch that follows the last one, and returns the bytes to write: a view of what is kept. `ownsMemory`:
   * nobody else will look into the memory behind the batch, so that it can go as soon as the batch does.
   */
  add(batch: Buffer, { baseOffset, lastOffset, ownsMemory }: TailBatch): Buffer {
    if (isKeptByReference(batch)) {
      this.#push(createBlock(batch, { baseOffset, heldBytes: batch.buffer.byteLength, isOwned: ownsMemory }))
      return this.#fill(batch.length, baseOffset, lastOffset)
    }
    const newest = this.#blocks.at(-1)
    if (newest === undefined || newest.memory.length - newest.sizeBytes < batch.length) {
      const memory = Buffer.allocUnsafeSlow(Math.max(this.#nextBlockBytes, batch.length))
      this.#nextBlockBytes = Math.min(this.#nextBlockBytes * 2, this.#largestBlockBytes)
      this.#push(createBlock(memory, { baseOffset, heldBytes: memory.length, isOwned: true }))
    }
    const kept = this.#fill(batch.length, baseOffset, lastOffset)
    batch.copy(kept)
    if (ownsMemory) freeMemory(batch)
    return kept
  }

  /**
   * The batches from the one that contains `offset`, up to `endOffset` and `maxBytes`. Null when the cache does not
   * reach back that far. An empty list when not even the first batch fits.
   */
  read(request: TailRead): TailSlice | null {
    const first = this.#blockIndexOf(request.offset)
    const block = this.#blocks[first]
    if (block === undefined || request.offset < block.baseOffset) return null
    const buffers: Buffer[] = []
    const blocks: Block[] = []
    let start = positionOf(block, request.offset)
    let isFirst = request.isFirstBatchWhole
    let roomBytes = request.maxBytes
    for (let index = first; index < this.#blocks.length; index++) {
      const current = this.#blocks[index]
      if (current === undefined || current.baseOffset >= request.endOffset) break
      const end = endWithin(current, start, { endOffset: request.endOffset, roomBytes, isFirst })
      if (end > start) {
        buffers.push(current.memory.subarray(start, end))
        blocks.push(current)
        current.readerCount++
      }
      roomBytes -= end - start
      if (end < current.sizeBytes) break
      isFirst = false
      start = 0
    }
    return { buffers, release: () => this.#release(blocks) }
  }

  /** How many bytes lie between two offsets, the first one's whole batch included. Null when not all are here. */
  bytesBetween(offset: number, endOffset: number): number | null {
    const first = this.#blockIndexOf(offset)
    const block = this.#blocks[first]
    if (block === undefined || offset < block.baseOffset) return null
    let bytes = -positionOf(block, offset)
    for (let index = first; index < this.#blocks.length; index++) {
      const current = this.#blocks[index]
      if (current === undefined || current.baseOffset >= endOffset) break
      bytes += current.nextOffset <= endOffset ? current.sizeBytes : positionOf(current, endOffset)
    }
    return Math.max(0, bytes)
  }

  /** Drops the oldest block, unless only `blocksKept` are left. Says whether it did. */
  evictOldest(blocksKept = 0): boolean {
    if (this.#blocks.length <= blocksKept) return false
    const oldest = this.#blocks.shift()
    if (oldest === undefined) return false
    this.#heldBytes -= oldest.heldBytes
    this.#budget.release(oldest.heldBytes)
    oldest.isEvicted = true
    this.#freeWhenUnused(oldest)
    return true
  }

  /** Drops everything: the batches could not be written, or the log closes. */
  clear(): void {
    while (this.evictOldest()) {}
    this.#nextBlockBytes = SMALLEST_BLOCK_BYTES
    this.#budget.forget(this)
  }

  /** A slice is released once, whatever its reader does. */
  #release(blocks: Block[]): void {
    for (const block of blocks.splice(0)) {
      block.readerCount--
      this.#freeWhenUnused(block)
    }
  }

  /** Large buffers left to the garbage collector make V8 go through its whole heap again and again. */
  #freeWhenUnused(block: Block): void {
    const isWritten = block.nextOffset <= this.#writtenEnd()
    if (block.isOwned && block.isEvicted && block.readerCount === 0 && isWritten) freeMemory(block.memory)
  }

  #push(block: Block): void {
    this.#blocks.push(block)
    this.#heldBytes += block.heldBytes
    while (this.#heldBytes > this.#maxBytes && this.evictOldest(1)) {}
    this.#budget.use(this, block.heldBytes)
  }

  /** Takes the next bytes of the newest block for a batch. */
  #fill(sizeBytes: number, baseOffset: number, lastOffset: number): Buffer {
    const block = this.#blocks.at(-1)
    assert(
      block !== undefined,
      'a block was pushed for this batch, and the newest one is never evicted for it',
    )
    const start = block.sizeBytes
    const lastMark = block.markPositions.at(-1) ?? 0
    if (start - lastMark >= MARK_EVERY_BYTES) {
      block.markOffsets.push(baseOffset)
      block.markPositions.push(start)
    }
    block.sizeBytes = start + sizeBytes
    block.nextOffset = lastOffset + 1
    return block.memory.subarray(start, block.sizeBytes)
  }

  /** The last block that begins at or before `offset`; 0 when all begin later. */
  #blockIndexOf(offset: number): number {
    let low = 0
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#blocks[middle]?.baseOffset ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }
}

/** A view of a larger frame keeps all of the frame alive: then a copy is cheaper in the end. */
function isKeptByReference(batch: Buffer): boolean {
  return batch.length >= COPY_BELOW_BYTES && batch.length * 2 >= batch.buffer.byteLength
}

function createBlock(
  memory: Buffer,
  { baseOffset, heldBytes, isOwned }: Pick<Block, 'baseOffset' | 'heldBytes' | 'isOwned'>,
): Block {
  return {
    memory,
    baseOffset,
    nextOffset: baseOffset,
    sizeBytes: 0,
    heldBytes,
    isOwned,
    readerCount: 0,
    isEvicted: false,
    markOffsets: [],
    markPositions: [],
  }
}

/** Where the batch lies that contains `offset`; the end when it lies behind. */
function positionOf(block: Block, offset: number): number {
  let position = markBefore(block, offset)
  while (position < block.sizeBytes && batchLastOffsetAt(block.memory, position) < offset) {
    position += batchSizeBytesAt(block.memory, position)
  }
  return position
}

/** Where the last whole batch ends that may be given. */
function endWithin(
  block: Block,
  start: number,
  bounds: { endOffset: number; roomBytes: number; isFirst: boolean },
): number {
  const isWholeBlockGiven =
    block.nextOffset <= bounds.endOffset && block.sizeBytes - start <= bounds.roomBytes
  if (isWholeBlockGiven) return block.sizeBytes
  let end = start
  while (end < block.sizeBytes && batchBaseOffsetAt(block.memory, end) < bounds.endOffset) {
    const next = end + batchSizeBytesAt(block.memory, end)
    const isForced = bounds.isFirst && end === start
    if (next - start > bounds.roomBytes && !isForced) break
    end = next
  }
  return end
}

function markBefore(block: Block, offset: number): number {
  const { markOffsets, markPositions } = block
  let low = 0
  let high = markOffsets.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((markOffsets[middle] ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return low === 0 ? 0 : (markPositions[low - 1] ?? 0)
}
