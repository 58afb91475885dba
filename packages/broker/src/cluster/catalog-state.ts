import { strict as assert } from 'node:assert'
import { entityKey, type QuotaEntity, type QuotaValues } from '../quotas/quota-entity.ts'
import type { CatalogEntry } from './catalog-entry.ts'
import type { JournalState } from './journal.ts'
import type { Topic } from './topic.ts'
import { collisionKey } from './topic-name.ts'

/** A topic that was deleted and may still have directories. */
export interface DeletedTopic {
  readonly topicId: string
  readonly name: string
  readonly partitionCount: number
}

/** What one user, client id, or pair of both may use. */
export interface ClientQuotas {
  readonly entity: QuotaEntity
  readonly values: QuotaValues
}

/** A catalog entry of a kind that this version does not know. */
export class UnknownEntryError extends Error {
  override readonly name = 'UnknownEntryError'
}

/** What the catalog's journal says, as tables. Changed by `apply` alone. */
export class CatalogState implements JournalState {
  readonly topicsByName = new Map<string, Topic>()
  readonly topicsById = new Map<string, Topic>()
  readonly deletedTopics = new Map<string, DeletedTopic>()
  /** From the name with '.' as '_' to how many topics have it. */
  readonly namesByCollisionKey = new Map<string, string>()
  /** By the broker's id as text; '' is all brokers. */
  readonly brokerConfigs = new Map<string, Readonly<Record<string, string>>>()
  readonly groupConfigs = new Map<string, Readonly<Record<string, string>>>()
  /** By `entityKey`. */
  readonly clientQuotas = new Map<string, ClientQuotas>()
  partitionCount = 0
  nextProducerId = 0
  /** Rises whenever a topic is created, deleted or changed. Not in the journal: it counts from each start. */
  topicsVersion = 0

  apply(value: unknown): void {
    const entry = value as CatalogEntry
    switch (entry.kind) {
      case 'topic-created':
        assert(!this.topicsByName.has(entry.name), `topic ${entry.name} is created twice`)
        assert(!this.topicsById.has(entry.topicId), `topic id ${entry.topicId} is used twice`)
        this.#put(
          {
            name: entry.name,
            topicId: entry.topicId,
            partitionCount: entry.partitionCount,
            replicationFactor: entry.replicationFactor,
            configs: entry.configs,
            assignments: entry.assignments ?? {},
            madePartitions: 0,
          },
          entry.partitionCount,
        )
        return
      case 'partitions-added':
        this.#change(entry.topicId, ({ partitionCount, assignments }) => ({
          partitionCount: Math.max(partitionCount, entry.partitionCount),
          assignments: { ...assignments, ...entry.assignments },
        }))
        return
      case 'replicas-assigned':
        this.#change(entry.topicId, ({ assignments }) => ({
          assignments: { ...assignments, ...entry.assignments },
        }))
        return
      case 'partitions-made':
        this.#change(entry.topicId, () => ({ madePartitions: entry.partitionCount }))
        return
      case 'topic-configs':
        this.#change(entry.topicId, () => ({ configs: entry.configs }))
        return
      case 'broker-configs':
        putOrForget(this.brokerConfigs, entry.resourceName, entry.configs)
        return
      case 'group-configs':
        putOrForget(this.groupConfigs, entry.groupId, entry.configs)
        return
      case 'client-quotas': {
        const { entity, values } = entry
        if (Object.keys(values).length === 0) this.clientQuotas.delete(entityKey(entity))
        else this.clientQuotas.set(entityKey(entity), { entity, values })
        return
      }
      case 'topic-deleted':
        this.#delete(entry)
        return
      case 'topic-purged':
        this.deletedTopics.delete(entry.topicId)
        return
      case 'producer-ids':
        this.nextProducerId = Math.max(this.nextProducerId, entry.nextProducerId)
        return
      default:
        throw new UnknownEntryError(`catalog entry of unknown kind: ${JSON.stringify(entry satisfies never)}`)
    }
  }

  *snapshot(): Generator<CatalogEntry> {
    if (this.nextProducerId > 0) yield { kind: 'producer-ids', nextProducerId: this.nextProducerId }
    for (const topic of this.topicsByName.values()) {
      const { name, topicId, partitionCount, replicationFactor, configs, assignments, madePartitions } = topic
      yield { kind: 'topic-created', name, topicId, partitionCount, replicationFactor, configs, assignments }
      if (madePartitions > 0) yield { kind: 'partitions-made', topicId, partitionCount: madePartitions }
    }
    for (const topic of this.deletedTopics.values()) yield { kind: 'topic-deleted', ...topic }
    for (const [resourceName, configs] of this.brokerConfigs) {
      yield { kind: 'broker-configs', resourceName, configs }
    }
    for (const [groupId, configs] of this.groupConfigs) yield { kind: 'group-configs', groupId, configs }
    for (const quotas of this.clientQuotas.values()) yield { kind: 'client-quotas', ...quotas }
  }

  /** A change that was on its way when the topic was deleted changes nothing. */
  #change(topicId: string, change: (topic: Topic) => Partial<Topic>): void {
    const topic = this.topicsById.get(topicId)
    if (topic === undefined) return
    const changed = { ...topic, ...change(topic) }
    this.#put(changed, changed.partitionCount - topic.partitionCount)
  }

  #put(topic: Topic, addedPartitions: number): void {
    this.topicsVersion++
    this.topicsByName.set(topic.name, topic)
    this.topicsById.set(topic.topicId, topic)
    this.namesByCollisionKey.set(collisionKey(topic.name), topic.name)
    this.partitionCount += addedPartitions
  }

  #delete(deleted: DeletedTopic): void {
    this.topicsVersion++
    const topic = this.topicsById.get(deleted.topicId)
    if (topic !== undefined) {
      this.topicsByName.delete(topic.name)
      this.topicsById.delete(topic.topicId)
      this.namesByCollisionKey.delete(collisionKey(topic.name))
      this.partitionCount -= topic.partitionCount
    }
    // In a rewritten journal the topic itself is gone, and only this entry remembers it.
    const { topicId, name, partitionCount } = deleted
    this.deletedTopics.set(topicId, { topicId, name, partitionCount })
  }
}

function putOrForget(
  map: Map<string, Readonly<Record<string, string>>>,
  name: string,
  configs: Readonly<Record<string, string>>,
): void {
  if (Object.keys(configs).length === 0) map.delete(name)
  else map.set(name, configs)
}
