import type { QuotaEntity, QuotaValues } from '../quotas/quota-entity.ts'
import type { Assignments } from './topic.ts'

/**
 * The entries of the catalog's journal. They are on disk: a field may be added with a default, never
 * changed in meaning. An unknown `kind` comes from a newer version, and the catalog is refused.
 */
export type CatalogEntry =
  | {
      readonly kind: 'topic-created'
      readonly name: string
      readonly topicId: string
      readonly partitionCount: number
      readonly replicationFactor: number
      readonly configs: Readonly<Record<string, string>>
      /** Absent where the brokers are chosen by the cluster. */
      readonly assignments?: Assignments
    }
  /** The topic has this many partitions now. */
  | {
      readonly kind: 'partitions-added'
      readonly topicId: string
      readonly partitionCount: number
      readonly assignments?: Assignments
    }
  /** These partitions are led and kept by these brokers now. */
  | { readonly kind: 'replicas-assigned'; readonly topicId: string; readonly assignments: Assignments }
  /** The directories of so many partitions exist, durably. */
  | { readonly kind: 'partitions-made'; readonly topicId: string; readonly partitionCount: number }
  /** The topic's own configs, all of them. */
  | {
      readonly kind: 'topic-configs'
      readonly topicId: string
      readonly configs: Readonly<Record<string, string>>
    }
  /** What was set on one broker (its id as text), or on all of them (''): all of it. */
  | {
      readonly kind: 'broker-configs'
      readonly resourceName: string
      readonly configs: Readonly<Record<string, string>>
    }
  /** What was set on one consumer group: all of it. */
  | {
      readonly kind: 'group-configs'
      readonly groupId: string
      readonly configs: Readonly<Record<string, string>>
    }
  /** All quotas of one entity; none: it has no quotas any more. */
  | { readonly kind: 'client-quotas'; readonly entity: QuotaEntity; readonly values: QuotaValues }
  /** The topic is gone; its directories go later. */
  | {
      readonly kind: 'topic-deleted'
      readonly topicId: string
      readonly name: string
      readonly partitionCount: number
    }
  /** Nothing of a deleted topic is left on disk. */
  | { readonly kind: 'topic-purged'; readonly topicId: string }
  /** Producer ids below this number may have been given out. */
  | { readonly kind: 'producer-ids'; readonly nextProducerId: number }
