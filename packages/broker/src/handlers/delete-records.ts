import { OffsetOutOfRangeError, StorageError } from '@millrace/log-core'
import { type DeleteRecordsRequest, type DeleteRecordsResponseInput, ErrorCode } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { isInternalTopic } from '../cluster/topic-name.ts'
import type { ConnectionInfo } from '../network/connection-info.ts'
import { lookUpPartition } from '../partition/partition-lookup.ts'
import type { Handler } from './handler.ts'

type PartitionReply = DeleteRecordsResponseInput['topics'][number]['partitions'][number]

/** Stands for the high watermark. */
const HIGH_WATERMARK = -1

/** DeleteRecords, v0-2. What lies below the log's start already is success, and changes nothing (trap 27). */
export const handleDeleteRecords: Handler<DeleteRecordsRequest, DeleteRecordsResponseInput> = async (
  services,
  { connection },
  request,
) => ({
  throttleTimeMs: 0,
  topics: await Promise.all(
    Array.from(lastOfEach(request.topics), async ([name, offsets]) => ({
      name,
      partitions: await Promise.all(
        Array.from(offsets, ([partitionIndex, offset]) =>
          deleteBefore(services, connection, name, { partitionIndex, offset }),
        ),
      ),
    })),
  ),
})

/** By topic and partition: of a partition that is named twice the last offset counts, as in Kafka. */
function lastOfEach(topics: DeleteRecordsRequest['topics']): Map<string, Map<number, number>> {
  const byTopic = new Map<string, Map<number, number>>()
  for (const { name, partitions } of topics) {
    const offsets = byTopic.get(name) ?? new Map<number, number>()
    for (const { partitionIndex, offset } of partitions) offsets.set(partitionIndex, offset)
    byTopic.set(name, offsets)
  }
  return byTopic
}

async function deleteBefore(
  services: BrokerServices,
  connection: ConnectionInfo,
  topic: string,
  { partitionIndex, offset }: { readonly partitionIndex: number; readonly offset: number },
): Promise<PartitionReply> {
  const failed = (errorCode: number): PartitionReply => ({ partitionIndex, lowWatermark: -1, errorCode })
  const partition = lookUpPartition(services, connection, topic, partitionIndex)
  if (typeof partition === 'number') return failed(partition)
  if (isInternalTopic(topic)) return failed(ErrorCode.INVALID_TOPIC_EXCEPTION)
  const log = partition.onlineLog
  if (log === null) return failed(ErrorCode.KAFKA_STORAGE_ERROR)
  const target = offset === HIGH_WATERMARK ? log.highWatermark : offset
  if (target < 0) return failed(ErrorCode.OFFSET_OUT_OF_RANGE)
  try {
    await log.truncateBefore(target)
    return { partitionIndex, lowWatermark: log.logStartOffset, errorCode: ErrorCode.NONE }
  } catch (error) {
    if (error instanceof OffsetOutOfRangeError) return failed(ErrorCode.OFFSET_OUT_OF_RANGE)
    if (!(error instanceof StorageError)) throw error
    return failed(ErrorCode.KAFKA_STORAGE_ERROR)
  }
}
