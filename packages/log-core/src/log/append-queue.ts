import type { SegmentBatch } from '../segment/segment-writer.ts'
import { createDeferred, type Deferred } from './deferred.ts'

/** A stamped batch on its way to the disk. */
export interface QueuedBatch extends SegmentBatch {
  /** acks=all, transactional, control: neither acknowledged nor visible before it is synced. */
  readonly mustSync: boolean
}

/** The batches of one turn of the event loop, and who waits for them. */
interface AppendGroup {
  readonly batches: QueuedBatch[]
  writtenCount: number
  written: Deferred | null
  synced: Deferred | null
}

const DONE = Promise.resolve()

/**
 * Batches that have their offsets and are not written yet. Usually one turn's worth; more behind a roll or behind too
 * many unsynced bytes, and then bounded: `isRoomFor`.
 */
export class AppendQueue {
  readonly #maxBytes: number
  #groups: AppendGroup[] = []
  #bytes = 0
  #waitingForRoom: Deferred | null = null

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The first batch always finds room: it could be larger than the bound. */
  isRoomFor(sizeBytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + sizeBytes <= this.#maxBytes
  }

  /** At most half full. */
  get hasRoom(): boolean {
    return this.#bytes * 2 <= this.#maxBytes
  }

  /** Resolves once there is room. */
  whenRoom(): Promise<void> {
    if (this.hasRoom) return DONE
    this.#waitingForRoom ??= createDeferred()
    return this.#waitingForRoom.promise
  }

  /** The promise is shared by all batches of the group that wait for the same. */
  add(batch: QueuedBatch): Promise<void> {
    const group = this.#openGroup()
    group.batches.push(batch)
    this.#bytes += batch.sizeBytes
    return promiseIn(group, batch.mustSync ? 'synced' : 'written')
  }

  /** When everything queued so far is written or synced. The queue must not be empty. */
  whenAll(kind: 'written' | 'synced'): Promise<void> {
    return promiseIn(this.#groups.at(-1) ?? this.#openGroup(), kind)
  }

  /** The next batches, oldest first, of one group: as many as `fits` takes one after the other. */
  peek(fits: (batch: QueuedBatch) => boolean): readonly QueuedBatch[] {
    const group = this.#groups[0]
    if (group === undefined) return []
    let end = group.writtenCount
    for (; end < group.batches.length; end++) {
      const batch = group.batches[end]
      if (batch === undefined || !fits(batch)) break
    }
    const isWhole = group.writtenCount === 0 && end === group.batches.length
    return isWhole ? group.batches : group.batches.slice(group.writtenCount, end)
  }

  /** The next batch to be written. */
  get next(): QueuedBatch | undefined {
    const group = this.#groups[0]
    return group?.batches[group.writtenCount]
  }

  /** What `peek` gave is written. Returns who now waits for a sync. */
  written(batches: readonly QueuedBatch[]): Deferred | null {
    for (const batch of batches) this.#bytes -= batch.sizeBytes
    const group = this.#groups[0]
    if (group === undefined) return null
    group.writtenCount += batches.length
    if (group.writtenCount < group.batches.length) return null
    this.#groups.shift()
    group.written?.resolve()
    return group.synced
  }

  /** Takes everything out that is not written; the caller rejects it when its own state says so too. */
  takeAll(): { reject(error: Error): void } {
    const groups = this.#groups
    this.#groups = []
    this.#bytes = 0
    return {
      reject: (error) => {
        for (const group of groups) {
          group.written?.reject(error)
          group.synced?.reject(error)
        }
      },
    }
  }

  /** Wakes those who wait for room, when there is some. */
  tellRoom(): void {
    if (this.#waitingForRoom === null || !this.hasRoom) return
    const waiting = this.#waitingForRoom
    this.#waitingForRoom = null
    waiting.resolve()
  }

  #openGroup(): AppendGroup {
    const newest = this.#groups.at(-1)
    if (newest !== undefined && newest.writtenCount === 0) return newest
    const group: AppendGroup = { batches: [], writtenCount: 0, written: null, synced: null }
    this.#groups.push(group)
    return group
  }
}

function promiseIn(group: AppendGroup, kind: 'written' | 'synced'): Promise<void> {
  const deferred = group[kind] ?? createDeferred()
  group[kind] = deferred
  return deferred.promise
}
