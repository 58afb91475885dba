import { type PartitionLog, StorageError } from '@millrace/log-core'
import { ErrorCode, type ListOffsetsRequest, type ListOffsetsResponseInput } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { leaderEpochError, lookUpPartition } from '../partition/partition-lookup.ts'
import type { Handler, RequestContext } from './handler.ts'

type AskedPartition = ListOffsetsRequest['topics'][number]['partitions'][number]
type PartitionReply = ListOffsetsResponseInput['topics'][number]['partitions'][number]

/** Timestamps that are none (KIP-79, KIP-734, KIP-405, KIP-1005, KIP-1023). */
const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5
const EARLIEST_PENDING_UPLOAD = -6

/** The first version that may ask for each. */
const FIRST_VERSIONS: Readonly<Record<number, number>> = {
  [MAX_TIMESTAMP]: 7,
  [EARLIEST_LOCAL]: 8,
  [LATEST_TIERED]: 9,
  [EARLIEST_PENDING_UPLOAD]: 11,
}

interface Found {
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
}

const NOT_FOUND: Found = { offset: -1, timestampMs: -1, leaderEpoch: -1 }

const ASKED_TWICE = 'asked twice'
type AskedTopics = Map<string, Map<number, AskedPartition | typeof ASKED_TWICE>>

/**
 * ListOffsets, v0-11 (trap 23). A timestamp finds the first record at or after it, inside its batch; when there
 * is none the answer is offset -1 without an error.
 */
export const handleListOffsets: Handler<ListOffsetsRequest, ListOffsetsResponseInput> = async (
  services,
  context,
  request,
) => {
  const isReadCommitted = request.isolationLevel === 1
  // Kafka calls this UNKNOWN_SERVER_ERROR.
  const isLevelKnown = isReadCommitted || request.isolationLevel === 0
  const topics = await Promise.all(
    Array.from(byPartition(request), async ([topic, partitions]) => ({
      name: topic,
      partitions: await Promise.all(
        Array.from(partitions, async ([partitionIndex, asked]) =>
          asked === ASKED_TWICE || !isLevelKnown
            ? failed(partitionIndex, ErrorCode.INVALID_REQUEST)
            : answer(services, context, { topic, asked, isReadCommitted }),
        ),
      ),
    })),
  )
  return { throttleTimeMs: 0, topics }
}

/** As Kafka: each partition is answered once, and what is asked twice contradicts itself. */
function byPartition({ topics }: ListOffsetsRequest): AskedTopics {
  const byTopic: AskedTopics = new Map()
  for (const { name, partitions } of topics) {
    const seen = byTopic.get(name) ?? new Map<number, AskedPartition | typeof ASKED_TWICE>()
    byTopic.set(name, seen)
    for (const asked of partitions) {
      const { partitionIndex } = asked
      seen.set(partitionIndex, seen.has(partitionIndex) ? ASKED_TWICE : asked)
    }
  }
  return byTopic
}

function failed(partitionIndex: number, errorCode: number): PartitionReply {
  return { partitionIndex, errorCode, oldStyleOffsets: [] }
}

async function answer(
  services: BrokerServices,
  { apiVersion, connection }: RequestContext,
  { topic, asked, isReadCommitted }: { topic: string; asked: AskedPartition; isReadCommitted: boolean },
): Promise<PartitionReply> {
  const { partitionIndex, timestamp } = asked
  const isUnsupported = timestamp < EARLIEST_PENDING_UPLOAD || apiVersion < (FIRST_VERSIONS[timestamp] ?? 0)
  if (isUnsupported) return failed(partitionIndex, ErrorCode.UNSUPPORTED_VERSION)
  const partition = lookUpPartition(services, connection, topic, partitionIndex)
  if (typeof partition === 'number') return failed(partitionIndex, partition)
  const epochError = leaderEpochError(partition, asked.currentLeaderEpoch)
  if (epochError !== ErrorCode.NONE) return failed(partitionIndex, epochError)
  const log = partition.onlineLog
  if (log === null) return failed(partitionIndex, ErrorCode.KAFKA_STORAGE_ERROR)
  try {
    const found = await findOffset(log, timestamp, isReadCommitted)
    return {
      partitionIndex,
      errorCode: ErrorCode.NONE,
      oldStyleOffsets: found.offset === -1 ? [] : oldStyleOffsets(log, found.offset, asked),
      timestamp: found.timestampMs,
      offset: found.offset,
      leaderEpoch: found.leaderEpoch,
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    return failed(partitionIndex, ErrorCode.KAFKA_STORAGE_ERROR)
  }
}

async function findOffset(log: PartitionLog, timestamp: number, isReadCommitted: boolean): Promise<Found> {
  switch (timestamp) {
    case LATEST: {
      const offset = isReadCommitted ? log.lastStableOffset : log.highWatermark
      return { offset, timestampMs: -1, leaderEpoch: log.leaderEpoch }
    }
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { offset: log.logStartOffset, timestampMs: -1, leaderEpoch: log.epochAt(log.logStartOffset) }
    case MAX_TIMESTAMP:
      return (await log.maxTimestamp()) ?? NOT_FOUND
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      return NOT_FOUND
    default: {
      const found = await log.offsetForTimestamp(timestamp)
      // Consumers of committed data must not be sent to what they cannot see.
      const endOffset = isReadCommitted ? log.lastStableOffset : log.highWatermark
      return found !== null && found.offset < endOffset ? found : NOT_FOUND
    }
  }
}

/**
 * v0 lists where segments begin, newest first, at most `maxNumOffsets`. The offset found comes first and the start
 * of the log last: what lies between matters to nobody who still asks in this form.
 */
function oldStyleOffsets(
  log: PartitionLog,
  found: number,
  { maxNumOffsets, timestamp }: AskedPartition,
): number[] {
  const offsets = timestamp === LATEST && found !== log.logStartOffset ? [found, log.logStartOffset] : [found]
  return offsets.slice(0, Math.max(0, maxNumOffsets))
}
