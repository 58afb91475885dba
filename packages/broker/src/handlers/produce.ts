import { StorageError } from '@millrace/log-core'
import { ErrorCode, type ProduceRequest, type ProduceResponseInput } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { isInternalTopic } from '../cluster/topic-name.ts'
import { type CheckedBatch, checkBatch, type Refusal } from '../partition/batch-check.ts'
import type { Partition } from '../partition/partition.ts'
import { type AppendResult, appendToPartition, refusedOffline } from '../partition/partition-append.ts'
import { lookUpPartition } from '../partition/partition-lookup.ts'
import { Applied, CloseConnectionError, type Handler, NO_RESPONSE, type RequestContext } from './handler.ts'
import { hasTransactionalBatch, nodeEndpointsOf, ProducePartition } from './produce-partition.ts'

const ACKS_ALL = -1
/** Refusals of the log's own rules: as in Kafka, they tell where the log starts. */
const REFUSALS_BY_LOG: ReadonlySet<number> = new Set([
  ErrorCode.INVALID_RECORD,
  ErrorCode.INVALID_TIMESTAMP,
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.INVALID_PRODUCER_EPOCH,
])

/**
 * Produce, v3-11. acks=0: no answer, and a closed connection on an error (trap 4). acks=1: answered when the
 * batch is in the log. acks=all: when it is on stable storage. Batches of one connection are applied in the
 * order of their requests (trap 3), also while answers are still to come.
 */
export const handleProduce: Handler<ProduceRequest, ProduceResponseInput> = (services, context, request) => {
  const attempt = new ProduceAttempt(services, context, request)
  const wait = attempt.run()
  return wait === null ? attempt.finish() : attempt.runLater(wait)
}

/** One partition of a request. */
interface ProduceEntry {
  readonly partition: Partition
  readonly reply: ProducePartition
  readonly records: Buffer | null
  checked: CheckedBatch | Refusal | null
}

class ProduceAttempt {
  readonly #services: BrokerServices
  readonly #context: RequestContext
  readonly #request: ProduceRequest
  readonly #topics: ProduceResponseInput['responses'][number][] = []
  /** To be appended, in order. */
  readonly #entries: ProduceEntry[] = []
  /** How many of them are done. */
  #doneCount = 0
  readonly #waiting: { readonly reply: ProducePartition; readonly committed: Promise<void> }[] = []
  #firstError: ProducePartition | null = null

  constructor(services: BrokerServices, context: RequestContext, request: ProduceRequest) {
    this.#services = services
    this.#context = context
    this.#request = request
    const refusal = this.#refuseAll()
    for (const { name, topicId, partitionData } of request.topicData) {
      const partitionResponses: ProducePartition[] = []
      this.#topics.push({ name, topicId, partitionResponses })
      for (const { index, records } of partitionData) {
        const reply = new ProducePartition(index)
        partitionResponses.push(reply)
        const partition = refusal === ErrorCode.NONE ? this.#lookUp(name, index) : refusal
        if (typeof partition === 'number') this.#fail(reply, partition, null)
        else this.#entries.push({ partition, reply, records, checked: null })
      }
    }
  }

  /** Checks and appends, in order. Returns what to wait for before the next call, or null when all is done. */
  run(): Promise<void> | null {
    for (
      let entry = this.#entries[this.#doneCount];
      entry !== undefined;
      entry = this.#entries[this.#doneCount]
    ) {
      const checked = entry.checked ?? this.#check(entry)
      if (checked instanceof Promise) return this.#waitForCheck(entry, checked)
      entry.checked = checked
      const result = checked.kind === 'refused' ? checked : this.#append(entry, checked)
      if (result.kind === 'full') return result.whenRoom
      this.#doneCount++
      this.#take(entry.partition, entry.reply, result)
    }
    return null
  }

  /** Holds back the connection's next request until everything of this one is applied: order is kept. */
  async runLater(firstWait: Promise<void>): Promise<ReturnType<ProduceAttempt['finish']>> {
    for (let wait: Promise<void> | null = firstWait; wait !== null; wait = this.run()) await wait
    return this.finish()
  }

  /** One batch at a time: what they decompress to must not add up. */
  #check({ partition, records }: ProduceEntry): ReturnType<typeof checkBatch> {
    const { clock, limits } = this.#services
    const log = partition.onlineLog
    if (log === null) return refusedOffline(partition)
    const produceVersion = this.#context.apiVersion
    return checkBatch({ records, produceVersion, nowMs: clock.nowMs(), config: log.config, limits })
  }

  #append({ partition, records }: ProduceEntry, checked: CheckedBatch): AppendResult {
    // A frame of its own with one batch in it is the batch's alone: nothing else is read from it after this.
    const isFrameItsOwn = this.#entries.length === 1 && records?.buffer.byteLength === this.#context.sizeBytes
    return appendToPartition(partition, checked, {
      durability: this.#request.acks === ACKS_ALL ? 'synced' : 'written',
      ownsMemory: isFrameItsOwn && checked.batch.buffer === records?.buffer,
    })
  }

  async #waitForCheck(entry: ProduceEntry, checking: Promise<CheckedBatch | Refusal>): Promise<void> {
    entry.checked = await checking
  }

  /** Everything is applied; the answer comes when all of it is as durable as was asked for. */
  finish(): ProduceResponseInput | typeof NO_RESPONSE | Applied<ProduceResponseInput> {
    if (this.#waiting.length === 0) return this.#answer()
    return new Applied(this.#whenCommitted().then(() => this.#answer()))
  }

  #whenCommitted(): Promise<unknown> {
    const settled = this.#waiting.map(({ reply, committed }) =>
      committed.catch((error: unknown) => {
        if (!(error instanceof StorageError)) throw error
        this.#fail(reply, ErrorCode.KAFKA_STORAGE_ERROR, error.message)
      }),
    )
    const only = settled.length === 1 ? settled[0] : undefined
    return only ?? Promise.all(settled)
  }

  #answer(): ProduceResponseInput | typeof NO_RESPONSE {
    if (this.#request.acks === 0) {
      const failed = this.#firstError
      if (failed === null) return NO_RESPONSE
      throw new CloseConnectionError(
        `Produce with acks=0 failed with error ${failed.errorCode}: ${failed.errorMessage}`,
      )
    }
    return {
      responses: this.#topics,
      throttleTimeMs: 0,
      nodeEndpoints: nodeEndpointsOf(this.#services, this.#context, this.#topics),
    }
  }

  /** The error that the whole request gets, or NONE. */
  #refuseAll(): number {
    const { acks, transactionalId } = this.#request
    if (acks !== 0 && acks !== 1 && acks !== ACKS_ALL) return ErrorCode.INVALID_REQUIRED_ACKS
    // Until there are transactions: programs fail at once, with a reason.
    if (transactionalId !== null || hasTransactionalBatch(this.#request)) {
      return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    }
    return ErrorCode.NONE
  }

  #lookUp(topic: string, index: number): Partition | number {
    if (isInternalTopic(topic)) return ErrorCode.INVALID_TOPIC_EXCEPTION
    const partition = lookUpPartition(this.#services, this.#context.connection, topic, index)
    if (typeof partition === 'number' || this.#request.acks !== ACKS_ALL) return partition
    const replicas = this.#services.clusterView.replicaCount(
      this.#services.catalog.topic(topic)?.replicationFactor ?? 1,
    )
    const minInsyncReplicas = partition.log?.config.minInsyncReplicas ?? 1
    return minInsyncReplicas > replicas ? ErrorCode.NOT_ENOUGH_REPLICAS : partition
  }

  #take(
    partition: Partition,
    reply: ProducePartition,
    result: Exclude<AppendResult, { kind: 'full' }>,
  ): void {
    if (result.kind === 'refused') {
      this.#fail(reply, result.errorCode, result.message)
      if (REFUSALS_BY_LOG.has(result.errorCode)) reply.logStartOffset = partition.log?.logStartOffset ?? -1
      reply.recordErrors = result.recordErrors.map(({ batchIndex, message }) => ({
        batchIndex,
        batchIndexErrorMessage: message,
      }))
      return
    }
    const { metrics } = this.#services
    if (result.kind === 'duplicate') {
      metrics.duplicateBatches.add(1)
    } else {
      metrics.messagesIn.add(result.header.recordCount)
      metrics.bytesIn.add(result.header.sizeBytes)
    }
    reply.baseOffset = result.baseOffset
    reply.logAppendTimeMs = result.logAppendTimeMs
    reply.logStartOffset = partition.log?.logStartOffset ?? -1
    this.#waiting.push({ reply, committed: result.committed })
    if (result.kind === 'duplicate') this.#logDuplicate(partition, result)
  }

  #fail(reply: ProducePartition, errorCode: number, message: string | null): void {
    reply.fail(errorCode, message)
    this.#services.metrics.failedProduce.add(1)
    this.#firstError ??= reply
  }

  #logDuplicate(
    partition: Partition,
    result: Extract<AppendResult, { kind: 'appended' | 'duplicate' }>,
  ): void {
    const { logger } = this.#services
    if (!logger.isLevelEnabled('debug')) return
    const { producerId, producerEpoch, baseSequence, recordCount } = result.header
    const { topic, index } = partition
    const fields = { topic, partition: index, producerId, producerEpoch, baseSequence, recordCount }
    logger.debug(
      { ...fields, baseOffset: result.baseOffset },
      'duplicate batch answered with its first offset',
    )
  }
}
