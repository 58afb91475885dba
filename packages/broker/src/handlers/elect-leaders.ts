import { type ElectLeadersRequest, type ElectLeadersResponseInput, ErrorCode } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import type { Handler } from './handler.ts'

type PartitionReply = ElectLeadersResponseInput['replicaElectionResults'][number]['partitionResult'][number]

/** Kafka's `ElectionType`: the preferred replica, or any that is left. */
const KNOWN_ELECTION_TYPES: ReadonlySet<number> = new Set([0, 1])

/**
 * ElectLeaders, v0-2. The preferred replica leads every partition here, and all brokers of the process live and die
 * together: no election is ever needed, preferred or unclean.
 */
export const handleElectLeaders: Handler<ElectLeadersRequest, ElectLeadersResponseInput> = (
  services,
  _context,
  { electionType, topicPartitions },
) => {
  const isKnown = KNOWN_ELECTION_TYPES.has(electionType)
  const asked =
    topicPartitions ?? Array.from(services.catalog.topics(), ({ name }) => ({ topic: name, partitions: [] }))
  return {
    throttleTimeMs: 0,
    errorCode: isKnown ? ErrorCode.NONE : ErrorCode.INVALID_REQUEST,
    replicaElectionResults: asked.map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map((partitionId) =>
        isKnown
          ? elect(services, topic, partitionId)
          : failed(partitionId, ErrorCode.INVALID_REQUEST, `Unknown election type ${electionType}`),
      ),
    })),
  }
}

function elect({ catalog }: BrokerServices, name: string, partitionId: number): PartitionReply {
  const topic = catalog.topic(name)
  if (topic === undefined) {
    return failed(partitionId, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `No such topic as ${name}`)
  }
  if (partitionId < 0 || partitionId >= topic.partitionCount) {
    return failed(
      partitionId,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      `No such partition as ${name}-${partitionId}`,
    )
  }
  const message = 'Leader election not needed for topic partition.'
  return failed(partitionId, ErrorCode.ELECTION_NOT_NEEDED, message)
}

function failed(partitionId: number, errorCode: number, errorMessage: string): PartitionReply {
  return { partitionId, errorCode, errorMessage }
}
