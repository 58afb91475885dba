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
    }
  /** The topic has this many partitions now. */
  | { readonly kind: 'partitions-added'; readonly topicId: string; readonly partitionCount: number }
  /** The directories of so many partitions exist, durably. */
  | { readonly kind: 'partitions-made'; readonly topicId: string; readonly partitionCount: number }
  /** The topic's own configs, all of them. */
  | {
      readonly kind: 'topic-configs'
      readonly topicId: string
      readonly configs: Readonly<Record<string, string>>
    }
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
