import { buildBatch, readBatchHeader, readBatchRecords, scanBatches } from '@millrace/record-batch'
import { CrashError, Prng, SimulatedClock, SimulatedDisk } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LOG_CONFIG, LogDirectory, type PartitionLog } from '../src/index.ts'

const SEEDS = 60
/** Each of these found a bug once. */
const FOUND_SOMETHING = [145, 883]
const LIVES = 5
const KEYS = 8
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** The newest record of a key. A null value is a tombstone. */
interface Newest {
  readonly offset: number
  readonly value: string | null
}

/** What a crash may find under way, and must not lose or bring back. */
class KeyedWorld {
  readonly disk: SimulatedDisk
  readonly prng: Prng
  /** By key, of what was acknowledged: acks=all. */
  readonly acknowledged = new Map<string, Newest>()
  /** Values that were handed to the log, by key and offset. */
  readonly sent = new Map<string, string | null>()
  crashesInCompaction = 0
  #written = 0

  constructor(seed: number) {
    this.prng = new Prng(seed)
    this.disk = new SimulatedDisk(this.prng.fork())
  }

  async life(): Promise<void> {
    const clock = new SimulatedClock()
    const fs = this.disk.boot(clock)
    const randomBytes = (count: number): Buffer =>
      Buffer.from(Array.from({ length: count }, () => this.prng.below(256)))
    const limits = { tailCacheBytesPerLog: 0 }
    const directory = await run(clock, LogDirectory.open(fs, '/data', { clock, randomBytes, limits }))
    const log = await run(
      clock,
      directory.openLog({ topic: 't', partition: 0, topicId: TOPIC_ID, config: CONFIG }),
    )
    this.#check(await run(clock, contents(log)))
    for (let burst = 0; burst < 12; burst++) await run(clock, this.#append(log))
    fs.gate.crashAtOperation = fs.gate.operationCount + this.prng.between(1, 160)
    try {
      for (let pass = 0; pass < 3; pass++) {
        await run(clock, log.compact({ nowMs: clock.nowMs() + 10, seed: this.prng.below(2 ** 31) }))
        this.#check(await run(clock, contents(log)))
        await run(clock, this.#append(log))
      }
    } catch (error) {
      if (!fs.gate.isDead) throw error
      this.crashesInCompaction++
    }
    this.disk.crash(this.prng.chance(0.5) ? 'power' : 'process')
  }

  async #append(log: PartitionLog): Promise<void> {
    const entries = Array.from({ length: this.prng.between(1, 4) }, () => ({
      key: `key ${this.prng.below(KEYS)}`,
      value: this.prng.chance(0.25) ? null : `value ${this.#written++}`.padEnd(40, '.'),
    }))
    const records = entries.map(({ key, value }) => ({ key, value, timestampMs: 1_000 }))
    const batch = buildBatch(records)
    const outcome = log.append(batch, readBatchHeader(batch), { durability: 'synced' })
    if (outcome.kind !== 'appended') throw new Error(outcome.kind)
    for (const [index, { key, value }] of entries.entries()) {
      this.sent.set(`${key}@${outcome.baseOffset + index}`, value)
    }
    await outcome.committed
    for (const [index, { key, value }] of entries.entries()) {
      this.acknowledged.set(key, { offset: outcome.baseOffset + index, value })
    }
  }

  #check(found: readonly { offset: number; key: string; value: string | null }[]): void {
    const newest = new Map<string, Newest>()
    let lastOffset = -1
    for (const { offset, key, value } of found) {
      expect(offset).toBeGreaterThan(lastOffset)
      lastOffset = offset
      expect(this.sent.get(`${key}@${offset}`)).toBe(value)
      newest.set(key, { offset, value })
    }
    for (const [key, expected] of this.acknowledged) {
      const seen = newest.get(key)
      // A tombstone may be gone by now, but what it deleted must be gone then too.
      if (expected.value === null && seen === undefined) continue
      expect(seen, key).toBeDefined()
      expect(seen?.offset, key).toBeGreaterThanOrEqual(expected.offset)
      // What was under way at the crash may be there: it is the newest of its key from now on.
      if (seen !== undefined) this.acknowledged.set(key, seen)
    }
  }
}

const CONFIG = {
  ...DEFAULT_LOG_CONFIG,
  cleanupPolicy: ['compact'] as const,
  segmentBytes: 700,
  indexIntervalBytes: 150,
  deleteRetentionMs: 5,
}

async function contents(log: PartitionLog): Promise<{ offset: number; key: string; value: string | null }[]> {
  const found: { offset: number; key: string; value: string | null }[] = []
  for (let offset = log.logStartOffset; offset < log.highWatermark; ) {
    const slice = await log.read({ offset, maxBytes: 300, isFirstBatchWhole: true, limit: 'high-watermark' })
    expect(slice.sizeBytes, `at ${offset} of ${log.highWatermark}`).toBeGreaterThan(0)
    for (const buffer of slice.buffers) {
      for (const { position, header } of scanBatches(buffer)) {
        for (const { offset: at, key, value } of readBatchRecords(buffer, position)) {
          if (at >= offset)
            found.push({ offset: at, key: String(key), value: value === null ? null : String(value) })
        }
        offset = header.lastOffset + 1
      }
    }
  }
  return found
}

/** Lets simulated time pass until the work is done, or the process is dead. */
async function run<T>(clock: SimulatedClock, work: Promise<T>): Promise<T> {
  let isSettled = false
  const watched = work.finally(() => {
    isSettled = true
  })
  watched.catch(() => {})
  for (let idle = 0; !isSettled; ) {
    if (await clock.step()) idle = 0
    else if (++idle > 3) throw new CrashError('/data')
  }
  return watched
}

describe('crashes in compaction', () => {
  it('lose no newest record of a key and bring no deleted one back', { timeout: 120_000 }, async () => {
    let crashes = 0
    for (const seed of [...Array(SEEDS).keys(), ...FOUND_SOMETHING]) {
      const world = new KeyedWorld(seed)
      try {
        for (let life = 0; life < LIVES; life++) await world.life()
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
      crashes += world.crashesInCompaction
    }
    expect(crashes).toBeGreaterThan(SEEDS)
  })
})
