/** What groups need to know of the topics; the broker's catalog stands behind it. Reading is all it allows. */
export interface TopicView {
  /** undefined when there is no such topic. */
  find(name: string): TopicFacts | undefined
}

/** One existing topic. */
export interface TopicFacts {
  readonly name: string
  readonly topicId: string
  readonly partitionCount: number
}
