/** What groups need to know of the topics; the broker's catalog stands behind it. Reading is all it allows. */
export interface TopicView {
  /** Rises whenever a topic is created, deleted or given partitions. */
  readonly version: number
  /** undefined when there is no such topic. */
  find(name: string): TopicFacts | undefined
  findById(topicId: string): TopicFacts | undefined
  /**
   * The names that a regular expression of RE2's syntax matches as a whole. Its cost is the view's to bound: the pattern
   * comes from a client.
   */
  matching(pattern: string): MatchedTopics
}

/** What a regular expression matches. */
export interface MatchedTopics {
  readonly names: readonly string[]
  /** Why it cannot be used, and so matches nothing; null: it can. */
  readonly refusal: string | null
}

/** One existing topic. */
export interface TopicFacts {
  readonly name: string
  readonly topicId: string
  readonly partitionCount: number
}
