import type { PartitionDirectory } from '@millrace/log-core'
import { ErrorCode, KafkaError } from '@millrace/protocol'
import type { Logger } from '../observability.ts'
import type { Partition } from '../partition/partition.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import { KeyedLock } from './keyed-lock.ts'
import { checkMorePartitions, type PartitionsWish } from './partitions-check.ts'
import type { Assignments, Topic, TopicSpec } from './topic.ts'
import { checkNewTopic, type TopicCheckServices, type TopicWish } from './topic-check.ts'
import { TopicDirectories, type TopicDirectoriesOptions } from './topic-directories.ts'
import { OFFSETS_TOPIC } from './topic-name.ts'

export interface ControlPlaneOptions extends TopicCheckServices, TopicDirectoriesOptions {
  readonly partitions: PartitionRegistry
  readonly logger: Logger
}

/**
 * Changes to topics: the catalog first, durably, then the directories. A crash between the two is
 * put right at the next start, because the catalog says what should be there.
 */
export class ControlPlane {
  readonly #options: ControlPlaneOptions
  /** What happens to one name happens in turn. */
  readonly #topicLocks = new KeyedLock()
  readonly #deletions = new Set<Promise<void>>()
  readonly #directories: TopicDirectories

  constructor(options: ControlPlaneOptions) {
    this.#options = options
    this.#directories = new TopicDirectories(options)
  }

  /**
   * Brings the directories in line with the catalog and opens every log: what is left of deleted topics
   * goes, what was never made is made. Directories that no entry accounts for are reported and left alone.
   */
  async start(): Promise<void> {
    const { catalog, partitions } = this.#options
    const deletedTopicIds = catalog.deletedTopics().map(({ topicId }) => topicId)
    const directories = await this.#directories.removeLeftovers(new Set(deletedTopicIds))
    await Promise.all(deletedTopicIds.map((topicId) => catalog.recordPurged(topicId)))
    for (const directory of directories) this.#reportIfStray(directory)
    const present = new Set(directories.map(({ partition, topicId }) => `${topicId}/${partition}`))
    await Promise.all(
      Array.from(catalog.topics(), async (topic) => {
        const isLost = (index: number): boolean =>
          index < topic.madePartitions && !present.has(`${topic.topicId}/${index}`)
        await partitions.open(topic, isLost)
        await this.#recordMade(topic)
      }),
    )
  }

  /** What `createTopic` would create. Throws the KafkaError that it would be refused with. */
  checkTopic(wish: TopicWish): TopicSpec {
    return checkNewTopic(this.#options, wish)
  }

  /**
   * Durable, and ready to be written to, when it resolves. Rejects with KafkaError or StorageError. Waits for the
   * files of an earlier topic of this name: its directories would be taken for the new one's.
   */
  createTopic(wish: TopicWish): Promise<Topic> {
    const { catalog, logger, partitions } = this.#options
    return this.#topicLocks.run(wish.name, async () => {
      const topic = await catalog.createTopic(this.checkTopic(wish))
      await partitions.open(topic)
      await this.#recordMade(topic)
      const { name, topicId, partitionCount } = topic
      logger.info({ topic: name, topicId, partitions: partitionCount }, 'topic created')
      return topic
    })
  }

  /** A topic that somebody asked for in passing, with the defaults that its name has. */
  autoCreateTopic(name: string): Promise<Topic> {
    return name === OFFSETS_TOPIC
      ? this.createOffsetsTopic()
      : this.createTopic({ name, partitionCount: -1, replicationFactor: -1, configs: {} })
  }

  /** `__consumer_offsets`, as the broker's configuration wants it. */
  createOffsetsTopic(): Promise<Topic> {
    const { config } = this.#options
    return this.createTopic({
      name: OFFSETS_TOPIC,
      partitionCount: config['offsets.topic.num.partitions'],
      replicationFactor: config['offsets.topic.replication.factor'],
      configs: {
        'segment.bytes': String(config['offsets.topic.segment.bytes']),
        // What is committed must outlast any quiet time: groups expire by their own rule.
        'cleanup.policy': 'compact',
      },
    })
  }

  /**
   * The topic has `partitionCount` partitions, ready to be written to, when it resolves. Rejects with the KafkaError that
   * it is refused with, or a StorageError.
   */
  addPartitions(name: string, partitionCount: number, wish: PartitionsWish): Promise<void> {
    const { catalog, logger, partitions } = this.#options
    return this.#topicLocks.run(name, async () => {
      const { topic, assignments } = checkMorePartitions(this.#options, name, partitionCount, wish)
      if (wish.isValidateOnly) return
      const isThere = await catalog.addPartitions(topic.topicId, partitionCount, assignments)
      const grown = catalog.topicById(topic.topicId)
      if (!isThere || grown === undefined) {
        throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'The topic was deleted meanwhile.')
      }
      await partitions.open(grown)
      await this.#recordMade(grown)
      logger.info({ topic: name, topicId: topic.topicId, partitions: partitionCount }, 'partitions added')
    })
  }

  /** These brokers lead and keep these partitions when it resolves. The caller has checked them. */
  async assignReplicas(topic: Topic, assignments: Assignments): Promise<void> {
    await this.#options.catalog.assignReplicas(topic.topicId, assignments)
  }

  /** The topic cannot be found any more when this resolves; its files go later. False: it was gone before. */
  deleteTopic(topic: Topic): Promise<boolean> {
    const { catalog, logger, partitions } = this.#options
    const { name, topicId } = topic
    return new Promise((resolve, reject) => {
      // Whoever deletes waits for the catalog, whoever makes the name again for the files as well.
      const done = this.#topicLocks.run(name, async () => {
        const wasThere = await catalog.deleteTopic(topic)
        if (wasThere) {
          const removed = partitions.remove(name)
          logger.info({ topic: name, topicId }, 'topic deleted')
          resolve(true)
          await this.#purge(topic, removed)
        }
        resolve(wasThere)
      })
      const settled = done.catch(reject).finally(() => this.#deletions.delete(settled))
      this.#deletions.add(settled)
    })
  }

  /** Waits for removals on their way. What is not done is done at the next start. */
  async close(): Promise<void> {
    this.#directories.close()
    await Promise.all(this.#deletions)
  }

  async #purge({ name, topicId }: Topic, removed: readonly Partition[]): Promise<void> {
    const { catalog, logger } = this.#options
    try {
      if (await this.#directories.removeTopic(topicId, removed)) await catalog.recordPurged(topicId)
    } catch (error) {
      // The catalog still says that the topic is to be purged: the next start tries again.
      const reason = error instanceof Error ? error.message : String(error)
      logger.warn({ topic: name, topicId, reason }, 'could not remove a deleted topic')
    }
  }

  async #recordMade(topic: Topic): Promise<void> {
    if (topic.madePartitions < topic.partitionCount) {
      await this.#options.catalog.recordMadePartitions(topic.topicId, topic.partitionCount)
    }
  }

  #reportIfStray({ topic, partition, topicId }: PartitionDirectory): void {
    const known = this.#options.catalog.topicById(topicId)
    if (known?.name === topic && partition < known.partitionCount) return
    this.#options.logger.warn(
      { topic, partition, topicId },
      'a directory that the catalog does not know: left alone, not served',
    )
  }
}
