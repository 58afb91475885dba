import { strict as assert } from 'node:assert'
import type { TopicCatalog } from './topic-catalog.ts'

/** As many ids as Kafka's controller gives a broker at once. */
const BLOCK_SIZE = 1000
/** The next block is fetched while this many are left, so that nobody waits for the disk. */
const REFILL_BELOW = 100

/**
 * Producer ids, each given out once in the life of the data directory: a block is durable in the
 * catalog before its first id leaves, and what is left of it after a restart is skipped.
 */
export class ProducerIds {
  readonly #catalog: TopicCatalog
  #next = 0
  #end = 0
  #refill: Promise<void> | null = null

  constructor(catalog: TopicCatalog) {
    this.#catalog = catalog
  }

  /** Synchronous while the block lasts. Rejects with a StorageError when the next block cannot be made durable. */
  allocate(): number | Promise<number> {
    if (this.#next < this.#end) return this.#take()
    return this.#allocateFromNextBlock()
  }

  #take(): number {
    assert(this.#next < this.#end)
    const producerId = this.#next++
    if (this.#end - this.#next < REFILL_BELOW && this.#refill === null) {
      // A failure shows when the block is used up: allocate then tries again and tells its caller.
      this.#startRefill().catch(() => {})
    }
    return producerId
  }

  async #allocateFromNextBlock(): Promise<number> {
    while (this.#next >= this.#end) await (this.#refill ?? this.#startRefill())
    return this.#take()
  }

  #startRefill(): Promise<void> {
    const first = Math.max(this.#catalog.nextProducerId, this.#end)
    const refill = this.#catalog
      .reserveProducerIds(first + BLOCK_SIZE)
      .then(() => {
        // The rest of the old block is skipped when the new one does not follow it.
        if (first !== this.#end) this.#next = first
        this.#end = first + BLOCK_SIZE
      })
      .finally(() => {
        this.#refill = null
      })
    this.#refill = refill
    return refill
  }
}
