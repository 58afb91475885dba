import {
  ErrorCode,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponseInput,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { leaderEpochError, lookUpPartition } from '../partition/partition-lookup.ts'
import type { Handler, RequestContext } from './handler.ts'

type AskedPartition = OffsetForLeaderEpochRequest['topics'][number]['partitions'][number]
type PartitionReply = OffsetForLeaderEpochResponseInput['topics'][number]['partitions'][number]

/** OffsetForLeaderEpoch, v2-4: where an epoch ended, from the log's own epoch file (trap 24). */
export const handleOffsetForLeaderEpoch: Handler<
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponseInput
> = (services, context, request) => ({
  throttleTimeMs: 0,
  topics: request.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((asked) => answer(services, context, topic, asked)),
  })),
})

function answer(
  services: BrokerServices,
  { connection }: RequestContext,
  topic: string,
  asked: AskedPartition,
): PartitionReply {
  const failed = (errorCode: number): PartitionReply => ({ errorCode, partition: asked.partition })
  const partition = lookUpPartition(services, connection, topic, asked.partition)
  if (typeof partition === 'number') return failed(partition)
  const epochError = leaderEpochError(partition, asked.currentLeaderEpoch)
  if (epochError !== ErrorCode.NONE) return failed(epochError)
  const log = partition.onlineLog
  if (log === null) return failed(ErrorCode.KAFKA_STORAGE_ERROR)
  return {
    errorCode: ErrorCode.NONE,
    partition: asked.partition,
    ...log.endOffsetForEpoch(asked.leaderEpoch),
  }
}
