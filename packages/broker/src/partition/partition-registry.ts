import { type LogConfig, type LogDirectory, type PartitionLog, StorageError } from '@millrace/log-core'
import type { Topic } from '../cluster/topic.ts'
import type { Logger } from '../observability.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import type { DelayedFetches } from './delayed-fetch.ts'
import { Partition } from './partition.ts'

export interface PartitionRegistryOptions {
  readonly logDirectory: LogDirectory
  readonly delayedFetches: DelayedFetches
  readonly logger: Logger
  /** What a topic's log is told, from the topic's own configs and the defaults. */
  readonly configOf: (topic: Topic) => LogConfig
}

/** How many logs are opened at once: enough to keep the thread pool's syncs busy. */
const OPEN_CONCURRENCY = 16

/** The only way to a partition. Handlers look up here; topics come and go through the control plane. */
export class PartitionRegistry {
  readonly #options: PartitionRegistryOptions
  readonly #byTopic = new Map<string, Partition[]>()
  /** Over all topics: at start there may be ten thousand of one partition each. */
  readonly #opening = new ConcurrencyLimit(OPEN_CONCURRENCY)

  constructor(options: PartitionRegistryOptions) {
    this.#options = options
  }

  find(topic: string, index: number): Partition | undefined {
    return this.#byTopic.get(topic)?.[index]
  }

  /** Of one topic, in order; empty while the topic is being created. */
  ofTopic(topic: string): readonly Partition[] {
    return this.#byTopic.get(topic) ?? []
  }

  *all(): Generator<Partition> {
    for (const partitions of this.#byTopic.values()) yield* partitions
  }

  /**
   * Opens the logs of the topic's partitions that are not open yet, and makes the directories that
   * were never made. A log that cannot be opened, or whose directory `isLost`, makes its partition answer
   * KAFKA_STORAGE_ERROR.
   */
  async open(topic: Topic, isLost: (index: number) => boolean = () => false): Promise<void> {
    const before = this.#byTopic.get(topic.name) ?? []
    const opened = await Promise.all(
      Array.from(
        { length: topic.partitionCount },
        async (_, index) =>
          before[index] ?? (await this.#opening.run(() => this.#openPartition(topic, index, isLost(index)))),
      ),
    )
    this.#byTopic.set(topic.name, opened)
  }

  /** Tells the open logs what their topic is configured to be now. */
  updateConfig(topic: Topic): void {
    const config = this.#options.configOf(topic)
    for (const partition of this.ofTopic(topic.name)) partition.log?.updateConfig(config)
  }

  /** The topic is gone: its partitions cannot be found any more. Their files are the caller's business. */
  remove(topic: string): readonly Partition[] {
    const partitions = this.ofTopic(topic)
    this.#byTopic.delete(topic)
    for (const partition of partitions) this.#options.delayedFetches.wakeAll(partition)
    return partitions
  }

  async #openPartition(topic: Topic, index: number, isLost: boolean): Promise<Partition> {
    const name = { topic: topic.name, topicId: topic.topicId, index }
    let log: PartitionLog
    try {
      if (isLost) {
        // An empty log in its place would tell consumers that everything was deleted.
        throw new StorageError(
          'ENOENT',
          `${topic.name}-${index}`,
          `the directory of ${topic.name}-${index} is gone`,
        )
      }
      log = await this.#options.logDirectory.openLog({
        topic: topic.name,
        partition: index,
        topicId: topic.topicId,
        config: this.#options.configOf(topic),
      })
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      const fields = { topic: topic.name, partition: index, code: error.code, reason: error.message }
      this.#options.logger.error(fields, 'partition refused')
      return new Partition(name, error)
    }
    const partition = new Partition(name, log)
    log.onHighWatermarkMoved(() => this.#options.delayedFetches.notify(partition))
    return partition
  }
}
