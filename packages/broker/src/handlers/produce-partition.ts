import { ErrorCode, type ProduceRequest, type ProduceResponseInput } from '@millrace/protocol'
import { BATCH_HEADER_BYTES } from '@millrace/record-batch'
import type { BrokerServices } from '../broker-services.ts'
import { isLeaderError } from '../partition/partition-lookup.ts'
import type { RequestContext } from './handler.ts'

type PartitionReply = ProduceResponseInput['responses'][number]['partitionResponses'][number]

/** Where the attributes of a batch are, and the bit that says it belongs to a transaction. */
const ATTRIBUTES_LOW_BYTE_AT = 22
const TRANSACTIONAL_BIT = 0x10

/** One partition of the answer. A class, so that all of them have one shape: this is the hot path. */
export class ProducePartition {
  readonly index: number
  errorCode: number = ErrorCode.NONE
  baseOffset = -1
  logAppendTimeMs = -1
  logStartOffset = -1
  recordErrors: { batchIndex: number; batchIndexErrorMessage: string | null }[] = []
  errorMessage: string | null = null
  currentLeader: { leaderId: number; leaderEpoch: number } = { leaderId: -1, leaderEpoch: -1 }

  constructor(index: number) {
    this.index = index
  }

  /** Whatever offset was given is not told any more. */
  fail(errorCode: number, message: string | null): void {
    this.errorCode = errorCode
    this.errorMessage = message
    this.baseOffset = -1
    this.logAppendTimeMs = -1
    this.logStartOffset = -1
  }
}

/** Whether any batch of the request claims to belong to a transaction. */
export function hasTransactionalBatch(request: ProduceRequest): boolean {
  for (const { partitionData } of request.topicData) {
    for (const { records } of partitionData) {
      if (records === null || records.length < BATCH_HEADER_BYTES) continue
      if ((records.readUInt8(ATTRIBUTES_LOW_BYTE_AT) & TRANSACTIONAL_BIT) !== 0) return true
    }
  }
  return false
}

/** KIP-951: where the leaders are that the answer's errors send the client to. Fills in who they are. */
export function nodeEndpointsOf(
  { clusterView, partitions }: BrokerServices,
  { connection }: RequestContext,
  topics: ProduceResponseInput['responses'],
): NonNullable<ProduceResponseInput['nodeEndpoints']> {
  let leaderIds: Set<number> | null = null
  for (const { name, partitionResponses } of topics) {
    for (const reply of partitionResponses as Iterable<PartitionReply & { currentLeader: object }>) {
      if (!isLeaderError(reply.errorCode) || name === undefined) continue
      const leaderId = clusterView.leaderOf(name, reply.index)
      reply.currentLeader = {
        leaderId,
        leaderEpoch: partitions.find(name, reply.index)?.log?.leaderEpoch ?? -1,
      }
      leaderIds ??= new Set()
      leaderIds.add(leaderId)
    }
  }
  if (leaderIds === null) return []
  return Array.from(leaderIds, (nodeId) => clusterView.endpointOf(connection.listener.name, nodeId)).filter(
    (endpoint) => endpoint !== undefined,
  )
}
