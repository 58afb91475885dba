import { ErrorCode } from '@millrace/protocol'
import { buildBatch } from '@millrace/record-batch'
import { type Answer, FakeBroker, type SeenRequest } from './fake-broker.ts'

/** What the fake log answers to a Fetch of one partition. */
export interface FetchAnswer {
  readonly errorCode?: number
  readonly records?: Buffer
}

/** A fake broker with one topic `flights` whose fetches a test answers; two nodes, of which 1 leads at first. */
export class FakeLog extends FakeBroker {
  partitions = 1
  leader = 1
  leaderEpoch = 0
  isKnown = true
  begin = 0
  end = 10
  /** Where each leader epoch ends; one that is not named goes on. */
  readonly epochEnds: Record<number, number> = {}
  /** Asked for each partition of each Fetch. */
  onFetch: (partition: number, offset: number, request: SeenRequest) => FetchAnswer | Promise<FetchAnswer>

  constructor() {
    super()
    this.onFetch = (_partition, offset) => ({ records: this.batch(offset, this.end - offset) })
    this.handlers.Metadata = () => this.#metadata()
    this.handlers.ListOffsets = ({ body }) => this.#listOffsets(body)
    this.handlers.Fetch = (request) => this.#fetch(request)
    this.handlers.OffsetForLeaderEpoch = ({ body }) => ({
      topics: body.topics.map(
        ({ topic, partitions }: { topic: string; partitions: { leaderEpoch: number }[] }) => ({
          topic,
          partitions: partitions.map(({ leaderEpoch }) => ({
            errorCode: 0,
            partition: 0,
            leaderEpoch,
            endOffset: this.epochEnds[leaderEpoch] ?? this.end,
          })),
        }),
      ),
    })
  }

  /** `count` records, each with its offset as value; nothing when there are none. */
  batch(offset: number, count: number, partitionLeaderEpoch = 0): Buffer {
    if (count <= 0) return Buffer.alloc(0)
    const records = Array.from({ length: count }, (_, i) => ({
      key: null,
      value: String(offset + i),
      timestampMs: 1,
    }))
    return buildBatch(records, { baseOffset: offset, partitionLeaderEpoch })
  }

  #metadata(): Answer {
    return {
      brokers: [1, 2].map((nodeId) => ({ nodeId, host: `node${nodeId}`, port: 9092, rack: null })),
      clusterId: 'fake',
      controllerId: 1,
      topics: [
        {
          errorCode: this.isKnown ? 0 : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
          name: 'flights',
          topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
          isInternal: false,
          partitions: Array.from({ length: this.isKnown ? this.partitions : 0 }, (_, partitionIndex) => ({
            errorCode: 0,
            partitionIndex,
            leaderId: this.leader,
            leaderEpoch: this.leaderEpoch,
            replicaNodes: [1],
            isrNodes: [1],
            offlineReplicas: [],
          })),
        },
      ],
    }
  }

  #listOffsets(body: {
    topics: { name: string; partitions: { partitionIndex: number; timestamp: number }[] }[]
  }): Answer {
    return {
      topics: body.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp }) => ({
          partitionIndex,
          errorCode: 0,
          offset: timestamp === -2 ? this.begin : this.end,
          timestamp: -1,
          leaderEpoch: 0,
        })),
      })),
    }
  }

  async #fetch(request: SeenRequest): Promise<Answer> {
    const responses = []
    for (const { topic, topicId, partitions } of request.body.topics) {
      const answers = []
      for (const { partition, fetchOffset } of partitions) {
        const { errorCode = 0, records = Buffer.alloc(0) } = await this.onFetch(
          partition,
          fetchOffset,
          request,
        )
        answers.push({
          partitionIndex: partition,
          errorCode,
          highWatermark: this.end,
          lastStableOffset: this.end,
          logStartOffset: this.begin,
          abortedTransactions: null,
          records,
        })
      }
      responses.push({ topic, topicId, partitions: answers })
    }
    return { errorCode: 0, sessionId: 0, responses }
  }
}
