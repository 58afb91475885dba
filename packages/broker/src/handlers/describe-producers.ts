import type { ProducerEntry } from '@millrace/log-core'
import {
  type DescribeProducersRequest,
  type DescribeProducersResponseInput,
  ErrorCode,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { topicNameProblem } from '../cluster/topic-name.ts'
import type { ConnectionInfo } from '../network/connection-info.ts'
import { lookUpPartition } from '../partition/partition-lookup.ts'
import type { Handler } from './handler.ts'

type PartitionReply = DescribeProducersResponseInput['topics'][number]['partitions'][number]
type ProducerReply = PartitionReply['activeProducers'][number]

/** DescribeProducers, v0 (KIP-664): the idempotent producers that partitions remember. */
export const handleDescribeProducers: Handler<DescribeProducersRequest, DescribeProducersResponseInput> = (
  services,
  { connection },
  request,
) => ({
  throttleTimeMs: 0,
  topics: request.topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((index) => describePartition(services, connection, name, index)),
  })),
})

function describePartition(
  services: BrokerServices,
  connection: ConnectionInfo,
  topic: string,
  partitionIndex: number,
): PartitionReply {
  const failed = (errorCode: number, errorMessage: string | null): PartitionReply => ({
    partitionIndex,
    errorCode,
    errorMessage,
    activeProducers: [],
  })
  const problem = topicNameProblem(topic)
  if (problem !== null) return failed(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
  const partition = lookUpPartition(services, connection, topic, partitionIndex)
  if (typeof partition === 'number') return failed(partition, null)
  const { failure, onlineLog } = partition
  if (onlineLog === null)
    return failed(ErrorCode.KAFKA_STORAGE_ERROR, failure?.message ?? 'the log is closed')
  const activeProducers = Array.from(onlineLog.producerStates(), describeProducer)
  return { partitionIndex, errorCode: ErrorCode.NONE, errorMessage: null, activeProducers }
}

function describeProducer(entry: ProducerEntry): ProducerReply {
  return {
    producerId: entry.producerId,
    producerEpoch: entry.epoch,
    lastSequence: entry.batches.at(-1)?.lastSequence ?? -1,
    lastTimestamp: entry.lastTimestampMs,
    coordinatorEpoch: entry.coordinatorEpoch,
    currentTxnStartOffset: entry.currentTransactionFirstOffset,
  }
}
