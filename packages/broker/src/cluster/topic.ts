/** Brokers by partition, the leader first, where somebody chose them. Other partitions go where the cluster puts them. */
export type Assignments = Readonly<Record<number, readonly number[]>>

/** A topic as the catalog knows it. Never changed in place: a change makes another object. */
export interface Topic {
  readonly name: string
  /** Kafka's 22-character form. Never used again for another topic. */
  readonly topicId: string
  readonly partitionCount: number
  readonly replicationFactor: number
  /** What was set on the topic itself, as text; everything else is the default. */
  readonly configs: Readonly<Record<string, string>>
  readonly assignments: Assignments
  /**
   * How many partitions had their directories made, durably. A directory that is missing below this
   * number was lost, and is not made again as if it were new.
   */
  readonly madePartitions: number
}

/** What a new topic is to be. */
export interface TopicSpec {
  readonly name: string
  readonly partitionCount: number
  readonly replicationFactor: number
  readonly configs: Readonly<Record<string, string>>
  readonly assignments?: Assignments
}
