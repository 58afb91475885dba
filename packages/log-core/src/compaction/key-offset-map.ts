import { strict as assert } from 'node:assert'

/** Three words of hash and one of offset: 16 bytes, which never lie in two cache lines. */
const WORDS_PER_SLOT = 4
const HASH_WORDS = 3
const FIRST_GROUP_KEYS = 1_024
const BYTES_PER_SLOT = WORDS_PER_SLOT * 4
/** Beyond this share of used slots look-ups become long: Kafka's `log.cleaner.io.buffer.load.factor`. */
const LOAD_FACTOR = 0.9
const TWO_TO_32 = 0x1_0000_0000

/**
 * The latest offset of each key, in a fixed amount of memory: open addressing over 96 bits of the key's hash, the key
 * itself is not kept. As Kafka's SkimpyOffsetMap, with MurmurHash3 (x86, 128 bits) in place of MD5: computed in line, a
 * whole compaction pass is three times as fast as with a call into native code for each key.
 *
 * Two keys with one hash would be taken for one. With 96 bits and eight million keys the chance is one in 10^15; the
 * seed is new for each pass, so a pair that is bad today is not bad tomorrow.
 */
export class KeyOffsetMap {
  readonly #baseOffset: number
  readonly #slotCount: number
  readonly #table: Int32Array
  readonly #seed: number
  #count = 0
  #groupCount = 0
  #groupHashes = new Int32Array(FIRST_GROUP_KEYS * HASH_WORDS)
  /** Where the look-up of each key of the group begins. */
  #groupSlots = new Int32Array(FIRST_GROUP_KEYS)
  #loaded = 0
  /** The hash that `#hash` computed last. */
  #h1 = 0
  #h2 = 0
  #h3 = 0

  /** Offsets from `baseOffset` on. Takes at most `memoryBytes`, and no more than `mostKeys` need. */
  constructor(options: { memoryBytes: number; mostKeys: number; baseOffset: number; seed: number }) {
    const affordable = Math.floor(options.memoryBytes / BYTES_PER_SLOT)
    const needed = Math.ceil(options.mostKeys / LOAD_FACTOR) + 1
    this.#slotCount = Math.min(affordable, needed)
    assert(this.#slotCount > 1, `${options.memoryBytes} bytes hold no key`)
    this.#table = new Int32Array(this.#slotCount * WORDS_PER_SLOT)
    this.#baseOffset = options.baseOffset
    this.#seed = options.seed
  }

  /** What `loadGroup` has read, which nobody needs. */
  get loaded(): number {
    return this.#loaded
  }

  get count(): number {
    return this.#count
  }

  /** The keys so far fill the memory, or the offset is too far from the first one to be kept. */
  isFullFor(offset: number): boolean {
    return this.#count >= this.#slotCount * LOAD_FACTOR || offset - this.#baseOffset >= TWO_TO_32 - 1
  }

  /**
   * Begins a group of keys that are looked up together. Nearly every look-up misses the processor's caches: one by one
   * that takes 250 ns each, while the loads of a group overlap.
   */
  beginGroup(): void {
    this.#groupCount = 0
  }

  /** Puts `bytes[start, start + length)` into the group; its index there counts from 0. */
  addKey(bytes: Buffer, start: number, length: number): void {
    this.#hash(bytes, start, length)
    const index = this.#groupCount++
    if (index * HASH_WORDS === this.#groupHashes.length) this.#growGroup()
    this.#groupHashes[index * HASH_WORDS] = this.#h1
    this.#groupHashes[index * HASH_WORDS + 1] = this.#h2
    this.#groupHashes[index * HASH_WORDS + 2] = this.#h3
    const slotIndex = Math.floor(((this.#h1 >>> 0) * this.#slotCount) / TWO_TO_32)
    this.#groupSlots[index] = slotIndex * WORDS_PER_SLOT
  }

  /** Brings the group's slots into the caches. Only for speed. */
  loadGroup(): void {
    const slots = this.#groupSlots
    let sum = 0
    for (let index = 0; index < this.#groupCount; index++) sum ^= this.#table[slots[index] ?? 0] ?? 0
    // Kept, so that the loop is not taken for idle.
    this.#loaded = sum
  }

  /** Offsets must come in ascending order, also over groups. */
  put(index: number, offset: number): void {
    const slot = this.#find(index)
    const table = this.#table
    if (table[slot + 3] === 0) {
      this.#count++
      table[slot] = this.#groupHashes[index * HASH_WORDS] ?? 0
      table[slot + 1] = this.#groupHashes[index * HASH_WORDS + 1] ?? 0
      table[slot + 2] = this.#groupHashes[index * HASH_WORDS + 2] ?? 0
    }
    // 0 marks a free slot, so offsets count from 1.
    table[slot + 3] = offset - this.#baseOffset + 1
  }

  /** The latest offset of the group's key, -1 when it has none here. */
  latestOffset(index: number): number {
    const relative = (this.#table[this.#find(index) + 3] ?? 0) >>> 0
    return relative === 0 ? -1 : this.#baseOffset + relative - 1
  }

  /** Where the slot of the key begins: its own, or the free one that it would get. */
  #find(index: number): number {
    const table = this.#table
    const hashes = this.#groupHashes
    const h1 = hashes[index * HASH_WORDS]
    const h2 = hashes[index * HASH_WORDS + 1]
    const h3 = hashes[index * HASH_WORDS + 2]
    let slot = this.#groupSlots[index] ?? 0
    for (;;) {
      if (table[slot + 3] === 0) return slot
      if (table[slot] === h1 && table[slot + 1] === h2 && table[slot + 2] === h3) return slot
      slot += WORDS_PER_SLOT
      if (slot === table.length) slot = 0
    }
  }

  #growGroup(): void {
    const hashes = new Int32Array(this.#groupHashes.length * 2)
    hashes.set(this.#groupHashes)
    this.#groupHashes = hashes
    const slots = new Int32Array(this.#groupSlots.length * 2)
    slots.set(this.#groupSlots)
    this.#groupSlots = slots
  }

  /** MurmurHash3_x86_128 (Austin Appleby, public domain). */
  #hash(bytes: Buffer, start: number, length: number): void {
    let h1 = this.#seed
    let h2 = this.#seed
    let h3 = this.#seed
    let h4 = this.#seed
    let at = start
    const blocksEnd = start + (length & ~15)
    for (; at < blocksEnd; at += 16) {
      h1 ^= Math.imul(rotate(Math.imul(word(bytes, at), C1), 15), C2)
      h1 = (Math.imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0
      h2 ^= Math.imul(rotate(Math.imul(word(bytes, at + 4), C2), 16), C3)
      h2 = (Math.imul((rotate(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0
      h3 ^= Math.imul(rotate(Math.imul(word(bytes, at + 8), C3), 17), C4)
      h3 = (Math.imul((rotate(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0
      h4 ^= Math.imul(rotate(Math.imul(word(bytes, at + 12), C4), 18), C1)
      h4 = (Math.imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0
    }
    const restBytes = length & 15
    if (restBytes > 12)
      h4 ^= Math.imul(rotate(Math.imul(partialWord(bytes, at + 12, restBytes - 12), C4), 18), C1)
    if (restBytes > 8)
      h3 ^= Math.imul(rotate(Math.imul(partialWord(bytes, at + 8, restBytes - 8), C3), 17), C4)
    if (restBytes > 4)
      h2 ^= Math.imul(rotate(Math.imul(partialWord(bytes, at + 4, restBytes - 4), C2), 16), C3)
    if (restBytes > 0) h1 ^= Math.imul(rotate(Math.imul(partialWord(bytes, at, restBytes), C1), 15), C2)
    this.#finish(h1 ^ length, h2 ^ length, h3 ^ length, h4 ^ length)
  }

  #finish(a: number, b: number, c: number, d: number): void {
    let h1 = (a + b + c + d) | 0
    let h2 = (b + h1) | 0
    let h3 = (c + h1) | 0
    let h4 = (d + h1) | 0
    h1 = mix(h1)
    h2 = mix(h2)
    h3 = mix(h3)
    h4 = mix(h4)
    h1 = (h1 + h2 + h3 + h4) | 0
    this.#h1 = h1
    this.#h2 = (h2 + h1) | 0
    this.#h3 = (h3 + h1) | 0
  }
}

const C1 = 0x239b961b
const C2 = 0xab0e9789 | 0
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93 | 0

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

function mix(value: number): number {
  let h = value ^ (value >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Four bytes, the lowest first. */
function word(bytes: Buffer, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  )
}

/** The first `count` of four bytes, at most all of them. */
function partialWord(bytes: Buffer, at: number, count: number): number {
  let value = 0
  for (let i = Math.min(4, count) - 1; i >= 0; i--) value = (value << 8) | (bytes[at + i] ?? 0)
  return value
}
