import { type Clock, type LogDirectory, type PartitionLog, StorageError } from '@millrace/log-core'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { GroupCoordinator } from '../groups/group-coordinator.ts'
import type { Limits } from '../limits.ts'
import type { Logger } from '../observability.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import { PeriodicTask } from './periodic-task.ts'

export interface HousekeepingOptions {
  readonly partitions: PartitionRegistry
  readonly logDirectory: LogDirectory
  readonly groups: GroupCoordinator
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: Limits
  /** As it is now: some of it may change while the broker runs. */
  readonly config: () => BrokerConfig
}

/** A pass lets requests run after this many partitions: ten thousand of them must not hold anybody up. */
const PARTITIONS_PER_TURN = 50

/**
 * What goes on by itself: retention, compaction, commits that nobody needs any more, and logs that a failing
 * disk took offline and that may be opened again.
 */
export class Housekeeping {
  readonly #options: HousekeepingOptions
  readonly #retention: PeriodicTask
  readonly #compaction: PeriodicTask
  readonly #offsets: PeriodicTask
  readonly #reopening: PeriodicTask
  #isClosed = false

  constructor(options: HousekeepingOptions) {
    this.#options = options
    const { clock, config, groups, limits } = options
    this.#retention = new PeriodicTask({
      clock,
      intervalMs: () => config()['log.retention.check.interval.ms'],
      run: () => this.#applyRetention(),
    })
    this.#compaction = new PeriodicTask({
      clock,
      intervalMs: () => config()['log.cleaner.backoff.ms'],
      run: () => this.#compact({ isForced: false }),
    })
    this.#offsets = new PeriodicTask({
      clock,
      intervalMs: () => config()['offsets.retention.check.interval.ms'],
      run: async () => groups.expireOffsets(),
    })
    this.#reopening = new PeriodicTask({
      clock,
      intervalMs: () => limits.reopenIntervalMs,
      run: () => this.#reopenLogs(),
    })
  }

  /** One pass of everything now, whether it is due or not. */
  async run(): Promise<void> {
    await this.#offsets.runNow()
    await this.#reopening.runNow()
    await this.#retention.runNow()
    await this.#compact({ isForced: true })
  }

  /** Waits for what is running. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    const tasks = [this.#retention, this.#compaction, this.#offsets, this.#reopening]
    await Promise.all(tasks.map((task) => task.close()))
  }

  async #applyRetention(): Promise<void> {
    await this.#forEachLog(
      (log) => log.state === 'online',
      async (log) => {
        const deletedSegments = await log.applyRetention(this.#options.clock.nowMs())
        if (deletedSegments === 0) return
        const { logStartOffset, partition, topic } = log
        this.#options.logger.info(
          { topic, partition, deletedSegments, logStartOffset },
          'retention moved the log start',
        )
      },
    )
  }

  async #compact({ isForced }: { readonly isForced: boolean }): Promise<void> {
    const { clock, config, limits, logDirectory } = this.#options
    if (this.#isClosed || !config()['log.cleaner.enable']) return
    await logDirectory.compact({
      nowMs: clock.nowMs(),
      share: isForced ? 1 : limits.compactionShare,
      memoryBytes: config()['log.cleaner.dedupe.buffer.size'],
      isForced,
    })
  }

  /** Heals by itself when the disk does. The log says what was cut; until then it goes on refusing. */
  async #reopenLogs(): Promise<void> {
    await this.#forEachLog(
      (log) => log.error !== null,
      (log) => log.reopen(),
    )
  }

  async #forEachLog(
    isMeant: (log: PartitionLog) => boolean,
    work: (log: PartitionLog) => Promise<void>,
  ): Promise<void> {
    const { clock, logger, partitions } = this.#options
    let sinceTurn = 0
    for (const { log } of [...partitions.all()]) {
      if (this.#isClosed) return
      if (log === null || !isMeant(log)) continue
      try {
        await work(log)
      } catch (error) {
        if (!(error instanceof StorageError)) throw error
        // The log is offline, and has said so: the others still want their pass.
        logger.debug(
          { topic: log.topic, partition: log.partition, reason: error.message },
          'housekeeping failed',
        )
      }
      if (++sinceTurn % PARTITIONS_PER_TURN === 0)
        await new Promise<void>((resolve) => clock.endOfTurn(resolve))
    }
  }
}
