import { strict as assert } from 'node:assert'
import { type FileSystem, StorageError } from '@millrace/log-core'
import { ErrorCode, KafkaError } from '@millrace/protocol'
import type { Logger } from '../observability.ts'
import { entityKey, type QuotaEntity, type QuotaValues } from '../quotas/quota-entity.ts'
import type { CatalogEntry } from './catalog-entry.ts'
import { CatalogState, type ClientQuotas, type DeletedTopic, UnknownEntryError } from './catalog-state.ts'
import { Journal } from './journal.ts'
import type { Assignments, Topic, TopicSpec } from './topic.ts'
import { collisionKey } from './topic-name.ts'

/** The catalog's file, directly in the data directory. */
export const CATALOG_FILE_NAME = 'millrace-catalog.journal'

/** Where the catalog lies and what it needs. */
export interface TopicCatalogOptions {
  readonly fs: FileSystem
  readonly dataDir: string
  readonly logger: Logger
  /** Sixteen bytes of randomness a topic: the seam that makes ids repeatable in a simulation. */
  readonly randomBytes: (count: number) => Buffer
}

/**
 * Which topics exist: the authority over the directory names in the data directory.
 *
 * Every change is one journal entry, so it is there in full after a crash or not at all. Looking up
 * is synchronous; a change is visible, durable and answered in one step. Directories follow: after a
 * creation they are made by whoever opens the logs, after a deletion they are purged.
 */
export class TopicCatalog {
  readonly #state: CatalogState
  readonly #journal: Journal
  readonly #randomBytes: (count: number) => Buffer
  /** Names whose creation is on its way to disk, by collision key: a second creation must not pass the check meanwhile. */
  readonly #reservedNames = new Map<string, string>()
  #reservedPartitions = 0

  private constructor(state: CatalogState, journal: Journal, randomBytes: (count: number) => Buffer) {
    this.#state = state
    this.#journal = journal
    this.#randomBytes = randomBytes
  }

  /** Throws StorageError CORRUPT or UNSUPPORTED_FORMAT when the journal cannot be trusted or read. */
  static async open({ fs, dataDir, logger, randomBytes }: TopicCatalogOptions): Promise<TopicCatalog> {
    const state = new CatalogState()
    const path = `${dataDir}/${CATALOG_FILE_NAME}`
    try {
      return new TopicCatalog(state, await Journal.open({ fs, path, state, logger }), randomBytes)
    } catch (cause) {
      if (!(cause instanceof UnknownEntryError)) throw cause
      throw new StorageError('UNSUPPORTED_FORMAT', path, `${path}: ${cause.message}`, { cause })
    }
  }

  get topicCount(): number {
    return this.#state.topicsByName.size + this.#reservedNames.size
  }

  /** Of all topics, those being created included. */
  get partitionCount(): number {
    return this.#state.partitionCount + this.#reservedPartitions
  }

  topics(): Iterable<Topic> {
    return this.#state.topicsByName.values()
  }

  /** Deleted topics that may still have directories. */
  deletedTopics(): readonly DeletedTopic[] {
    return [...this.#state.deletedTopics.values()]
  }

  /** Rises whenever a topic is created, deleted or changed: whoever remembers what they looked like looks again. */
  get topicsVersion(): number {
    return this.#state.topicsVersion
  }

  topic(name: string): Topic | undefined {
    return this.#state.topicsByName.get(name)
  }

  topicById(topicId: string): Topic | undefined {
    return this.#state.topicsById.get(topicId)
  }

  get nextProducerId(): number {
    return this.#state.nextProducerId
  }

  /** Throws what `createTopic` would: TOPIC_ALREADY_EXISTS, or INVALID_TOPIC_EXCEPTION for a colliding name. */
  checkNewName(name: string): void {
    const key = collisionKey(name)
    const existing = this.#state.namesByCollisionKey.get(key) ?? this.#reservedNames.get(key)
    if (existing === name || this.#state.topicsByName.has(name)) {
      throw new KafkaError(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
    }
    if (existing !== undefined) {
      throw new KafkaError(
        ErrorCode.INVALID_TOPIC_EXCEPTION,
        `Topic '${name}' collides with existing topic: ${existing}`,
      )
    }
  }

  /** The caller has checked the name's form and the configs. Rejects with KafkaError or StorageError. */
  createTopic(spec: TopicSpec): Promise<Topic> {
    return this.#createTopic(spec, null)
  }

  /** A topic that has its id from another cluster, with which its consumers know it. */
  adoptTopic(spec: TopicSpec, topicId: string): Promise<Topic> {
    return this.#createTopic(spec, topicId)
  }

  async #createTopic(spec: TopicSpec, topicId: string | null): Promise<Topic> {
    this.checkNewName(spec.name)
    const key = collisionKey(spec.name)
    this.#reservedNames.set(key, spec.name)
    this.#reservedPartitions += spec.partitionCount
    try {
      await this.#append({ kind: 'topic-created', topicId: topicId ?? this.#newTopicId(), ...spec })
    } finally {
      this.#reservedNames.delete(key)
      this.#reservedPartitions -= spec.partitionCount
    }
    const topic = this.topic(spec.name)
    assert(topic !== undefined)
    return topic
  }

  /** The topic is gone when this resolves; false when it was gone before. */
  async deleteTopic({ topicId, name, partitionCount }: Topic): Promise<boolean> {
    if (!this.#state.topicsById.has(topicId)) return false
    await this.#append({ kind: 'topic-deleted', topicId, name, partitionCount })
    return true
  }

  /** The directories of the topic's first `partitionCount` partitions are there, durably. */
  async recordMadePartitions(topicId: string, partitionCount: number): Promise<void> {
    await this.#append({ kind: 'partitions-made', topicId, partitionCount })
  }

  /** Nothing of a deleted topic is left. */
  async recordPurged(topicId: string): Promise<void> {
    await this.#append({ kind: 'topic-purged', topicId })
  }

  /** False when the topic was deleted meanwhile. */
  async addPartitions(
    topicId: string,
    partitionCount: number,
    assignments: Assignments = {},
  ): Promise<boolean> {
    const before = this.topicById(topicId)?.partitionCount ?? 0
    const added = partitionCount - before
    assert(added > 0)
    this.#reservedPartitions += added
    try {
      await this.#append({ kind: 'partitions-added', topicId, partitionCount, assignments })
    } finally {
      this.#reservedPartitions -= added
    }
    return this.topicById(topicId) !== undefined
  }

  async assignReplicas(topicId: string, assignments: Assignments): Promise<void> {
    await this.#append({ kind: 'replicas-assigned', topicId, assignments })
  }

  async replaceConfigs(topicId: string, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#append({ kind: 'topic-configs', topicId, configs })
  }

  /** What was set while running on one broker (its id as text), or on all of them (''). */
  brokerConfigs(resourceName: string): Readonly<Record<string, string>> {
    return this.#state.brokerConfigs.get(resourceName) ?? {}
  }

  async replaceBrokerConfigs(resourceName: string, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#append({ kind: 'broker-configs', resourceName, configs })
  }

  groupConfigs(groupId: string): Readonly<Record<string, string>> {
    return this.#state.groupConfigs.get(groupId) ?? {}
  }

  /** Groups that have configs of their own. */
  configuredGroups(): Iterable<string> {
    return this.#state.groupConfigs.keys()
  }

  async replaceGroupConfigs(groupId: string, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#append({ kind: 'group-configs', groupId, configs })
  }

  clientQuotas(): Iterable<ClientQuotas> {
    return this.#state.clientQuotas.values()
  }

  quotasOf(entity: QuotaEntity): QuotaValues {
    return this.#state.clientQuotas.get(entityKey(entity))?.values ?? {}
  }

  /** All of them or none: what one request changes is one step. */
  async replaceClientQuotas(changes: readonly ClientQuotas[]): Promise<void> {
    await this.#journal.append(
      changes.map(({ entity, values }) => ({ kind: 'client-quotas', entity, values })),
    )
  }

  async reserveProducerIds(nextProducerId: number): Promise<void> {
    await this.#append({ kind: 'producer-ids', nextProducerId })
  }

  async close(): Promise<void> {
    await this.#journal.close()
  }

  #append(entry: CatalogEntry): Promise<void> {
    return this.#journal.append([entry])
  }

  /** Like Kafka's `Uuid.randomUuid`: an id that begins with '-' would look like an option on a command line. */
  #newTopicId(): string {
    for (;;) {
      const topicId = this.#randomBytes(16).toString('base64url')
      const isTaken = this.#state.topicsById.has(topicId) || this.#state.deletedTopics.has(topicId)
      if (!topicId.startsWith('-') && !/^A{21}/.test(topicId) && !isTaken) return topicId
    }
  }
}
