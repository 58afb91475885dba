import { ErrorCode } from '@millrace/protocol'
import { readBatchHeader, readBatchRecords } from '@millrace/record-batch'
import { type Answer, FakeBroker, type SeenRequest } from './fake-broker.ts'

/** A batch that the fake log took. */
export interface TakenBatch {
  readonly partition: number
  readonly producerId: number
  readonly baseSequence: number
  readonly values: (string | undefined)[]
}

/** A fake broker with topics, that checks producer sequences as a real one does. */
export class FakeCluster extends FakeBroker {
  readonly topics: Map<string, number>
  readonly taken: TakenBatch[] = []
  /** Answers with an error instead of taking the batch, or goes silent with 'drop'. Asked before each batch. */
  refuse: (batch: TakenBatch) => number | 'cut before' | 'cut after' | null = () => null
  #nextProducerId = 100
  readonly #nextSequence = new Map<string, number>()
  readonly #endOffsets = new Map<number, number>()

  constructor(topics: Record<string, number>) {
    super()
    this.topics = new Map(Object.entries(topics))
    this.handlers.Metadata = ({ body }) => this.#metadata(body.topics)
    this.handlers.InitProducerId = () => ({
      errorCode: 0,
      producerId: this.#nextProducerId++,
      producerEpoch: 0,
    })
    this.handlers.Produce = (request) => this.#produce(request)
  }

  /** The values of a partition in their order. */
  log(partition: number): (string | undefined)[] {
    return this.taken.filter((batch) => batch.partition === partition).flatMap(({ values }) => values)
  }

  #metadata(asked: { name: string }[] | null): Answer {
    const names = asked?.map(({ name }) => name) ?? [...this.topics.keys()]
    return {
      brokers: [{ nodeId: 1, host: 'fake', port: 9092, rack: null }],
      clusterId: 'fake',
      controllerId: 1,
      topics: names.map((name) => {
        const count = this.topics.get(name)
        return {
          errorCode: count === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : 0,
          name,
          topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
          isInternal: false,
          partitions: Array.from({ length: count ?? 0 }, (_, partitionIndex) => ({
            errorCode: 0,
            partitionIndex,
            leaderId: 1,
            leaderEpoch: 0,
            replicaNodes: [1],
            isrNodes: [1],
            offlineReplicas: [],
          })),
        }
      }),
    }
  }

  #produce({ body, connection }: SeenRequest): Answer {
    let isSilent = false
    const responses = body.topicData.map((topic: { name: string; partitionData: [] }) => ({
      name: topic.name,
      partitionResponses: topic.partitionData.map(({ index, records }) => {
        const answer = this.#append(index, records)
        if (answer === null) isSilent = true
        return {
          index,
          errorCode: 0,
          baseOffset: -1,
          logAppendTimeMs: -1,
          recordErrors: [],
          errorMessage: null,
          ...answer,
        }
      }),
    }))
    if (isSilent) connection.cut()
    return isSilent ? null : { responses }
  }

  #append(partition: number, records: Buffer): { errorCode: number; baseOffset?: number } | null {
    const header = readBatchHeader(records)
    const values = readBatchRecords(records).map(({ value }) => value?.toString())
    const batch = { partition, producerId: header.producerId, baseSequence: header.baseSequence, values }
    const refusal = this.refuse(batch)
    if (typeof refusal === 'number') return { errorCode: refusal }
    if (refusal === 'cut before') return null
    const key = `${header.producerId}/${partition}`
    const expected = this.#nextSequence.get(key) ?? 0
    if (header.producerId >= 0 && header.baseSequence !== expected) {
      const known = this.taken.find(
        (other) => other.producerId === batch.producerId && other.baseSequence === batch.baseSequence,
      )
      return known === undefined
        ? { errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER }
        : { errorCode: ErrorCode.DUPLICATE_SEQUENCE_NUMBER }
    }
    const baseOffset = this.#endOffsets.get(partition) ?? 0
    this.#endOffsets.set(partition, baseOffset + header.recordCount)
    this.#nextSequence.set(key, header.baseSequence + header.recordCount)
    this.taken.push(batch)
    return refusal === 'cut after' ? null : { errorCode: 0, baseOffset }
  }
}
