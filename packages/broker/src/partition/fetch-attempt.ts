import { type LogSlice, OffsetOutOfRangeError, type PartitionLog, StorageError } from '@millrace/log-core'
import { ErrorCode } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import type { ConnectionInfo } from '../network/connection-info.ts'
import type { AwaitedPartition } from './delayed-fetch.ts'
import type { FetchedPartition, FetchTarget } from './fetch-target.ts'
import type { Partition } from './partition.ts'
import { leaderEpochError, lookUpPartition } from './partition-lookup.ts'

/** What one fetch wants, whatever asks for it. */
export interface FetchOrder {
  /** The error that each partition gets, or NONE. */
  readonly refusal: number
  readonly targets: readonly FetchTarget[]
  readonly connection: ConnectionInfo
  readonly usesTopicIds: boolean
  readonly isReadCommitted: boolean
  /** Fetch 10 and later (KIP-110): older clients could not read what a topic compresses with zstd. */
  readonly knowsZstd: boolean
  readonly minBytes: number
  readonly maxBytes: number
}

/** What was found: answers, or what to wait for. */
export type FetchFinding =
  | { readonly kind: 'answer'; readonly partitions: FetchedPartition[] }
  /** Reads are on their way, of about so many bytes. */
  | { readonly kind: 'reading'; readonly partitions: Promise<FetchedPartition[]>; readonly bytes: number }
  | { readonly kind: 'wait'; readonly awaited: readonly AwaitedPartition[]; readonly missingBytes: number }

/** A target that was looked up: read from the log, or answered with an error. */
interface Looked {
  readonly target: FetchTarget
  readonly partition: Partition | null
  readonly log: PartitionLog | null
  readonly errorCode: number
  readonly divergingEpoch: FetchedPartition['divergingEpoch']
  readonly readableBytes: number
}

const NO_RECORDS = Buffer.alloc(0)

/**
 * Runs a fetch once, from the start. First it looks what is there without touching a disk; only when that
 * is enough (or `mustAnswer`), or when there is an error to tell, does it read.
 */
export function attemptFetch(services: BrokerServices, order: FetchOrder, mustAnswer: boolean): FetchFinding {
  const looked = order.targets.map((target) => look(services, order, target))
  if (!mustAnswer) {
    let foundBytes = 0
    let hasNews = false
    for (const { errorCode, divergingEpoch, readableBytes, target } of looked) {
      if (errorCode !== ErrorCode.NONE || divergingEpoch !== undefined) hasNews = true
      foundBytes += Math.min(readableBytes, Math.max(target.maxBytes, 1))
    }
    if (!hasNews && foundBytes < order.minBytes) {
      return { kind: 'wait', awaited: awaitedOf(looked), missingBytes: order.minBytes - foundBytes }
    }
  }
  return readAll(order, looked, services.limits.sharedFetchBytes)
}

function look(services: BrokerServices, order: FetchOrder, target: FetchTarget): Looked {
  const failed = (errorCode: number, partition: Partition | null = null): Looked => ({
    target,
    partition,
    log: null,
    errorCode,
    divergingEpoch: undefined,
    readableBytes: 0,
  })
  const topic = order.usesTopicIds ? services.catalog.topicById(target.topicId)?.name : target.topic
  if (topic === undefined) return failed(ErrorCode.UNKNOWN_TOPIC_ID)
  const partition = lookUpPartition(services, order.connection, topic, target.index)
  if (typeof partition === 'number') return failed(partition)
  const epochError = leaderEpochError(partition, target.currentLeaderEpoch)
  if (epochError !== ErrorCode.NONE) return failed(epochError, partition)
  if (order.refusal !== ErrorCode.NONE) return failed(order.refusal, partition)
  const log = partition.onlineLog
  if (log === null) return failed(ErrorCode.KAFKA_STORAGE_ERROR, partition)
  if (!order.knowsZstd && log.config.compressionType === 'zstd') {
    return failed(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, partition)
  }
  const divergingEpoch = divergingEpochOf(log, target)
  if (divergingEpoch === 'unknown') return failed(ErrorCode.OFFSET_OUT_OF_RANGE, partition)
  if (divergingEpoch !== undefined) {
    return { target, partition, log, errorCode: ErrorCode.NONE, divergingEpoch, readableBytes: 0 }
  }
  if (target.fetchOffset < log.logStartOffset || target.fetchOffset > log.logEndOffset) {
    return failed(ErrorCode.OFFSET_OUT_OF_RANGE, partition)
  }
  const readableBytes = partition.readableBytes(target.fetchOffset)
  // Where there is nothing to read, Kafka does not look at the size either.
  if (readableBytes > 0 && Math.min(order.maxBytes, target.maxBytes) < 0) {
    return failed(ErrorCode.INVALID_REQUEST, partition)
  }
  return { target, partition, log, errorCode: ErrorCode.NONE, divergingEpoch: undefined, readableBytes }
}

/**
 * KIP-595: where the reader's log parts from ours, when it says which epoch it read last. `unknown`: it read an epoch
 * that this log has not reached.
 */
function divergingEpochOf(
  log: PartitionLog,
  target: FetchTarget,
): FetchedPartition['divergingEpoch'] | 'unknown' {
  if (target.lastFetchedEpoch < 0) return undefined
  const { leaderEpoch, endOffset } = log.endOffsetForEpoch(target.lastFetchedEpoch)
  if (leaderEpoch === -1) return 'unknown'
  if (leaderEpoch === target.lastFetchedEpoch && endOffset >= target.fetchOffset) return undefined
  return { epoch: leaderEpoch, endOffset }
}

function awaitedOf(looked: readonly Looked[]): AwaitedPartition[] {
  const awaited: AwaitedPartition[] = []
  for (const { partition, readableBytes, target } of looked) {
    if (partition !== null) awaited.push({ partition, offset: target.fetchOffset, readableBytes })
  }
  return awaited
}

/** Synchronous when every read is; cold reads go to the thread pool side by side. */
function readAll(order: FetchOrder, looked: readonly Looked[], sharedBytes: number): FetchFinding {
  let remainingBytes = order.maxBytes
  const readableCount = looked.filter(({ readableBytes }) => readableBytes > 0).length
  // Trap 12: one whole batch of the first partition that has any, whatever its size.
  let isFirst = true
  let readingBytes = 0
  const partitions = looked.map((one) => {
    if (one.log === null || one.readableBytes === 0) return emptyReply(order, one)
    // Never less than a batch may have: whoever asks in the same order each time gets something of every partition.
    const shareBytes = Math.max(sharedBytes / readableCount, one.log.config.maxMessageBytes)
    const maxBytes = Math.min(one.target.maxBytes, remainingBytes, Math.floor(shareBytes))
    if (!isFirst && maxBytes <= 0) return emptyReply(order, one)
    const reply = readOne(order, one, { log: one.log, maxBytes, isFirst })
    const bytes = Math.min(maxBytes, one.readableBytes)
    remainingBytes -= bytes
    // The first batch is read whole: its size is known only afterwards, and its bound before.
    const largestBytes = isFirst ? Math.max(bytes, one.log.config.maxMessageBytes) : bytes
    if (reply instanceof Promise) readingBytes += Math.max(1, Math.min(largestBytes, one.readableBytes))
    isFirst = false
    return reply
  })
  if (readingBytes === 0) return { kind: 'answer', partitions: partitions as FetchedPartition[] }
  return { kind: 'reading', partitions: Promise.all(partitions.map(async (one) => one)), bytes: readingBytes }
}

function readOne(
  order: FetchOrder,
  looked: Looked,
  {
    log,
    maxBytes,
    isFirst,
  }: { readonly log: PartitionLog; readonly maxBytes: number; readonly isFirst: boolean },
): FetchedPartition | Promise<FetchedPartition> {
  const { target } = looked
  try {
    const slice = log.read({
      offset: target.fetchOffset,
      maxBytes,
      isFirstBatchWhole: isFirst,
      limit: order.isReadCommitted ? 'last-stable' : 'high-watermark',
    })
    if (!(slice instanceof Promise)) return sliceReply(order, target, slice)
    return slice.then(
      (late) => sliceReply(order, target, late),
      (error: unknown) => readFailure(order, looked, error),
    )
  } catch (error) {
    return readFailure(order, looked, error)
  }
}

function readFailure(order: FetchOrder, looked: Looked, error: unknown): FetchedPartition {
  if (error instanceof OffsetOutOfRangeError) {
    return emptyReply(order, { ...looked, errorCode: ErrorCode.OFFSET_OUT_OF_RANGE })
  }
  if (!(error instanceof StorageError)) throw error
  return emptyReply(order, { ...looked, errorCode: ErrorCode.KAFKA_STORAGE_ERROR })
}

function sliceReply(order: FetchOrder, target: FetchTarget, slice: LogSlice): FetchedPartition {
  return {
    partitionIndex: target.index,
    errorCode: ErrorCode.NONE,
    highWatermark: slice.highWatermark,
    lastStableOffset: slice.lastStableOffset,
    logStartOffset: slice.logStartOffset,
    divergingEpoch: undefined,
    currentLeader: undefined,
    abortedTransactions: order.isReadCommitted ? [] : null,
    records: slice.sizeBytes === 0 ? NO_RECORDS : slice.buffers,
    release: slice.sizeBytes === 0 ? null : slice.release,
  }
}

/** No records: there are none yet, there is no room, or there is an error. Errors tell no offsets, as in Kafka. */
function emptyReply(order: FetchOrder, { errorCode, divergingEpoch, log, target }: Looked): FetchedPartition {
  const isKnown = errorCode === ErrorCode.NONE && log !== null
  return {
    partitionIndex: target.index,
    errorCode,
    highWatermark: isKnown ? log.highWatermark : -1,
    lastStableOffset: isKnown ? log.lastStableOffset : -1,
    logStartOffset: isKnown ? log.logStartOffset : -1,
    divergingEpoch,
    currentLeader: undefined,
    abortedTransactions: order.isReadCommitted && isKnown ? [] : null,
    records: NO_RECORDS,
    release: null,
  }
}
