import { ErrorCode, KafkaError } from '@millrace/protocol'
import { assignmentProblem } from './replica-assignment.ts'
import type { Assignments, Topic } from './topic.ts'
import { checkPartitionLimits, type TopicCheckServices } from './topic-check.ts'
import { OFFSETS_TOPIC } from './topic-name.ts'

/** How partitions are added to a topic. */
export interface PartitionsWish {
  /** Brokers of each new partition; null: where the cluster puts them. */
  readonly assignments: readonly (readonly number[])[] | null
  readonly isValidateOnly: boolean
}

/** The topic and what is to be stored of its new partitions. Throws the KafkaError that says why not, in Kafka's words. */
export function checkMorePartitions(
  services: Pick<TopicCheckServices, 'catalog' | 'clusterView' | 'limits'>,
  name: string,
  partitionCount: number,
  { assignments }: PartitionsWish,
): { readonly topic: Topic; readonly assignments: Assignments } {
  const { catalog, clusterView } = services
  const topic = catalog.topic(name)
  if (topic === undefined) {
    throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`)
  }
  const before = topic.partitionCount
  if (partitionCount === before) {
    throw new KafkaError(ErrorCode.INVALID_PARTITIONS, `Topic already has ${before} partition(s).`)
  }
  if (partitionCount < before) {
    throw new KafkaError(
      ErrorCode.INVALID_PARTITIONS,
      `The topic ${name} currently has ${before} partition(s); ${partitionCount} would not be an increase.`,
    )
  }
  if (name === OFFSETS_TOPIC) {
    // Kafka allows it; here groups would be looked for where they were not kept (docs/decisions/0052).
    throw new KafkaError(
      ErrorCode.INVALID_PARTITIONS,
      `${OFFSETS_TOPIC} keeps its ${before} partition(s): with more, groups would not be found where they were kept.`,
    )
  }
  const added = partitionCount - before
  checkPartitionLimits(services, { total: partitionCount, added })
  if (assignments === null) return { topic, assignments: {} }
  if (assignments.length !== added) {
    throw new KafkaError(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `Attempted to add ${added} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
    )
  }
  const replicas = clusterView.replicasOf(name, 0, topic.replicationFactor).length
  for (const brokerIds of assignments) {
    const problem = assignmentProblem(brokerIds, clusterView.nodeIds, replicas)
    if (problem !== null) throw new KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, problem)
  }
  return {
    topic,
    assignments: Object.fromEntries(assignments.map((brokerIds, index) => [before + index, brokerIds])),
  }
}
