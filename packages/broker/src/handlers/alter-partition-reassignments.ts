import {
  type AlterPartitionReassignmentsRequest,
  type AlterPartitionReassignmentsResponseInput,
  ErrorCode,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { assignmentProblem } from '../cluster/replica-assignment.ts'
import type { Assignments } from '../cluster/topic.ts'
import type { Handler } from './handler.ts'
import { tellFailure } from './request-failure.ts'

type AskedTopic = AlterPartitionReassignmentsRequest['topics'][number]
type AskedPartition = AskedTopic['partitions'][number]
type TopicReply = AlterPartitionReassignmentsResponseInput['responses'][number]
type PartitionReply = TopicReply['partitions'][number]
type Problem = Pick<PartitionReply, 'errorCode' | 'errorMessage'>

/**
 * AlterPartitionReassignments, v0-1. The brokers of this process share every log, so a partition moves as soon as that is
 * durable: there is nothing to copy, and never a reassignment under way to be cancelled (trap 27).
 */
export const handleAlterPartitionReassignments: Handler<
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponseInput
> = async (services, _context, { allowReplicationFactorChange, topics }) => ({
  throttleTimeMs: 0,
  allowReplicationFactorChange,
  errorCode: ErrorCode.NONE,
  errorMessage: null,
  responses: await Promise.all(
    topics.map((asked) => reassign(services, asked, allowReplicationFactorChange)),
  ),
})

async function reassign(
  services: BrokerServices,
  { name, partitions }: AskedTopic,
  mayChangeFactor: boolean,
): Promise<TopicReply> {
  const assignments: Record<number, readonly number[]> = {}
  const problems = partitions.map((asked) => {
    const problem = problemOf(services, name, asked, mayChangeFactor)
    if (problem === null && asked.replicas !== null) assignments[asked.partitionIndex] = asked.replicas
    return problem
  })
  const failure = await assign(services, name, assignments)
  return {
    name,
    partitions: partitions.map(({ partitionIndex }, position): PartitionReply => {
      const told = problems[position] ?? failure
      return { partitionIndex, ...(told ?? { errorCode: ErrorCode.NONE, errorMessage: null }) }
    }),
  }
}

async function assign(
  { catalog, controlPlane }: BrokerServices,
  name: string,
  assignments: Assignments,
): Promise<Problem | null> {
  const topic = catalog.topic(name)
  if (topic === undefined || Object.keys(assignments).length === 0) return null
  try {
    await controlPlane.assignReplicas(topic, assignments)
    return null
  } catch (error) {
    return tellFailure(error)
  }
}

/** Why a partition cannot be reassigned so; null: it can. */
function problemOf(
  { catalog, clusterView }: BrokerServices,
  name: string,
  { partitionIndex, replicas }: AskedPartition,
  mayChangeFactor: boolean,
): Problem | null {
  const topic = catalog.topic(name)
  if (topic === undefined) {
    return {
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      errorMessage: `Unable to find a topic named ${name}.`,
    }
  }
  if (partitionIndex < 0 || partitionIndex >= topic.partitionCount) {
    const errorMessage = `Unable to find partition ${name}:${partitionIndex}.`
    return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage }
  }
  if (replicas === null) return { errorCode: ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, errorMessage: null }
  const problem = assignmentProblem(replicas, clusterView.nodeIds)
  if (problem !== null) return { errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage: problem }
  const before = clusterView.replicasOf(name, partitionIndex, topic.replicationFactor).length
  if (!mayChangeFactor && replicas.length !== before) {
    const errorMessage = `The replication factor is changed from ${before} to ${replicas.length}`
    return { errorCode: ErrorCode.INVALID_REPLICATION_FACTOR, errorMessage }
  }
  return null
}
