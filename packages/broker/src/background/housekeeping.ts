import type { Clock, Timer } from '@millrace/log-core'
import type { GroupCoordinator } from '../groups/group-coordinator.ts'
import type { Logger } from '../observability.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'

export interface HousekeepingOptions {
  readonly partitions: PartitionRegistry
  readonly groups: GroupCoordinator
  readonly clock: Clock
  readonly logger: Logger
  readonly retentionIntervalMs: number
  readonly offsetsIntervalMs: number
}

/** A pass lets requests run after this many partitions: ten thousand of them must not hold anybody up. */
const PARTITIONS_PER_TURN = 50

/** What goes on by itself: retention and rolls by time, and commits that nobody needs any more. */
export class Housekeeping {
  readonly #options: HousekeepingOptions
  #retentionTimer: Timer | null = null
  #offsetsTimer: Timer | null = null
  #pass: Promise<void> | null = null
  #isClosed = false

  constructor(options: HousekeepingOptions) {
    this.#options = options
    this.#armRetention()
    this.#armOffsets()
  }

  /** One pass now, of everything; joins the one that is running. */
  async run(): Promise<void> {
    this.#options.groups.expireOffsets()
    await this.#runRetention()
  }

  /** Waits for a pass that is running. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#retentionTimer?.cancel()
    this.#offsetsTimer?.cancel()
    await this.#pass
  }

  #runRetention(): Promise<void> {
    this.#pass ??= this.#applyRetention().finally(() => {
      this.#pass = null
    })
    return this.#pass
  }

  async #applyRetention(): Promise<void> {
    const { clock, logger, partitions } = this.#options
    let sinceYield = 0
    for (const { index, onlineLog, topic } of [...partitions.all()]) {
      if (this.#isClosed) return
      if (onlineLog === null) continue
      try {
        const deletedSegments = await onlineLog.applyRetention(clock.nowMs())
        if (deletedSegments > 0) {
          const { logStartOffset } = onlineLog
          logger.info(
            { topic, partition: index, deletedSegments, logStartOffset },
            'retention moved the log start',
          )
        }
      } catch (error) {
        // The log has gone offline, and has said so: the others still want their pass.
        const reason = error instanceof Error ? error.message : String(error)
        logger.warn({ topic, partition: index, reason }, 'retention failed')
      }
      if (++sinceYield % PARTITIONS_PER_TURN === 0)
        await new Promise<void>((resolve) => clock.endOfTurn(resolve))
    }
  }

  #armRetention(): void {
    const { clock, retentionIntervalMs } = this.#options
    if (this.#isClosed) return
    this.#retentionTimer = clock.after(retentionIntervalMs, () => {
      void this.#runRetention().finally(() => this.#armRetention())
    })
  }

  #armOffsets(): void {
    const { clock, groups, offsetsIntervalMs } = this.#options
    this.#offsetsTimer = clock.after(offsetsIntervalMs, () => {
      groups.expireOffsets()
      this.#armOffsets()
    })
  }
}
