import type { CompactionPlan } from '../compaction/compaction-plan.ts'
import type { CompactionResult } from '../compaction/log-compactor.ts'
import { WorkPacer, WorkStopped } from '../compaction/work-pacer.ts'
import type { StorageError } from '../fs/storage-error.ts'
import type { LogConfig } from '../log-config.ts'
import type { LogEnvironment } from './log-environment.ts'
import type { LogSession } from './log-session.ts'
import { scrubSegment } from './segment-scrub.ts'

/** `log.cleaner.dedupe.buffer.size` */
const DEFAULT_KEY_MAP_BYTES = 134_217_728
const NOTHING = (): void => {}

/** How a compaction pass is to be run. */
export interface CompactionOptions {
  readonly nowMs: number
  /** Of one core; 1, the default, never rests. */
  readonly share?: number
  /** For the map of keys: `log.cleaner.dedupe.buffer.size`. */
  readonly memoryBytes?: number
  /** 32 random bits, new for each pass: they seed the hash of the keys. */
  readonly seed: number
}

/** What a scrub of a log's sealed segments found. */
export interface ScrubResult {
  readonly segments: number
  readonly bytes: number
  /** Of each damaged segment; nothing of it is given to a reader any more. */
  readonly damages: readonly StorageError[]
}

/** What a log does in the background about what it holds. Compactions and scrubs of one log take turns. */
export class LogMaintenance {
  readonly #environment: LogEnvironment
  /** Null while the log is offline or closed. */
  readonly #session: () => LogSession | null
  readonly #config: () => LogConfig
  #turn: Promise<void> = Promise.resolve()

  constructor(
    environment: LogEnvironment,
    log: { session: () => LogSession | null; config: () => LogConfig },
  ) {
    this.#environment = environment
    this.#session = log.session
    this.#config = log.config
  }

  async applyRetention(nowMs: number): Promise<number> {
    const session = this.#session()
    if (session === null) return 0
    const config = this.#config()
    session.producers.expire(nowMs, config.producerIdExpirationMs)
    return session.trimmer.applyRetention({ config, highWatermark: session.highWatermark.value, nowMs })
  }

  compactionPlan(nowMs: number): CompactionPlan | null {
    const session = this.#session()
    const config = this.#config()
    if (session === null || !config.cleanupPolicy.includes('compact')) return null
    return session.compactor.plan({ config, highWatermark: session.highWatermark.value, nowMs })
  }

  compact(options: CompactionOptions): Promise<CompactionResult | null> {
    return this.#inTurn(null, async (session) => {
      const { nowMs, seed, memoryBytes = DEFAULT_KEY_MAP_BYTES, share = 1 } = options
      if (this.compactionPlan(nowMs) === null) return null
      const config = this.#config()
      const pacer = new WorkPacer(this.#environment.clock, share, () => this.#session() !== session)
      const highWatermark = session.highWatermark.value
      return session.compactor.compact({ config, highWatermark, nowMs, seed, memoryBytes, pacer })
    })
  }

  /** Reads `bytesPerSecond` of the sealed segments, oldest first, until all are read or the log is offline or closed. */
  scrub(bytesPerSecond: number): Promise<ScrubResult> {
    const found = { segments: 0, bytes: 0, damages: [] as StorageError[] }
    return this.#inTurn(found, async (session) => {
      const { clock, logger } = this.#environment
      const pause = async (bytes: number): Promise<void> => {
        await new Promise<void>((resolve) => clock.after((bytes / bytesPerSecond) * 1_000, resolve))
        if (this.#session() !== session) throw new WorkStopped()
      }
      for (const segment of [...session.segments.sealed]) {
        if (segment.isRetired || segment.damage !== null) continue
        const damage = await scrubSegment(this.#environment, segment, pause)
        found.segments++
        found.bytes += segment.sizeBytes
        if (damage === null) continue
        segment.facts.damage = damage
        found.damages.push(damage)
        logger.error({ path: damage.path, code: damage.code }, `quarantined: ${damage.message}`)
      }
      return found
    })
  }

  /** Waits for what is going on, which ends soon once the log is offline or closed. */
  async settled(): Promise<void> {
    await this.#turn
  }

  /** `stopped` is the answer when the log goes offline or is closed before the end. */
  #inTurn<T>(stopped: T, work: (session: LogSession) => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => {
      const session = this.#session()
      if (session === null) return stopped
      try {
        return await work(session)
      } catch (error) {
        if (error instanceof WorkStopped) return stopped
        throw error
      }
    })
    this.#turn = result.then(NOTHING, NOTHING)
    return result
  }
}
