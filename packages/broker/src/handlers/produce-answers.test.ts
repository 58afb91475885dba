import { deleteRecords, ErrorCode, type FetchRequestInput, fetch, produce } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { send } from '../testing/send-batch.ts'
import { batchOf, numbered, produceBody, TestBroker } from '../testing/test-broker.ts'

/** A broker whose topic `t` has four records, of which the first two were deleted. */
async function withDeleted(): Promise<TestBroker> {
  const broker = await TestBroker.start()
  await broker.createTopic('t')
  await broker.produce('t', numbered(4))
  const topics = [{ name: 't', partitions: [{ partitionIndex: 0, offset: 2 }] }]
  await broker.settle(broker.connect().request(deleteRecords, 2, { timeoutMs: 1000, topics }))
  return broker
}

describe('The log start offset of a refusal, as Kafka 4.3 answered it', () => {
  it('is told where the log refuses: times, keys, sequences, epochs', async () => {
    await using broker = await withDeleted()
    const nowMs = broker.clock.nowMs()
    const late = await send(broker, batchOf(numbered(1), nowMs + 10 * 3_600_000))
    expect(late).toMatchObject({ errorCode: ErrorCode.INVALID_TIMESTAMP, baseOffset: -1, logStartOffset: 2 })
    const sequenced = (producerEpoch: number, baseSequence: number): Buffer =>
      batchOf(numbered(1), nowMs, { producerId: 5000, producerEpoch, baseSequence })
    expect(await send(broker, sequenced(3, 0))).toMatchObject({ errorCode: 0, logStartOffset: 2 })
    expect(await send(broker, sequenced(3, 7))).toMatchObject({
      errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
      logStartOffset: 2,
    })
    expect(await send(broker, sequenced(1, 0))).toMatchObject({
      errorCode: ErrorCode.INVALID_PRODUCER_EPOCH,
      logStartOffset: 2,
    })
    await broker.createTopic('keyed', 1, { 'cleanup.policy': 'compact' })
    expect(await send(broker, batchOf([{ key: null }], nowMs), { topic: 'keyed' })).toMatchObject({
      errorCode: ErrorCode.INVALID_RECORD,
      logStartOffset: 0,
    })
  })

  it('is not told where nobody looks at the log: corrupt, too large, unknown', async () => {
    await using broker = await withDeleted()
    const nowMs = broker.clock.nowMs()
    const corrupt = batchOf(numbered(1), nowMs)
    corrupt.writeUInt8(corrupt.readUInt8(corrupt.length - 1) ^ 1, corrupt.length - 1)
    expect(await send(broker, corrupt)).toMatchObject({
      errorCode: ErrorCode.CORRUPT_MESSAGE,
      logStartOffset: -1,
    })
    expect(await send(broker, batchOf(numbered(1, 1_100_000), nowMs))).toMatchObject({
      errorCode: ErrorCode.MESSAGE_TOO_LARGE,
      logStartOffset: -1,
    })
    expect(await send(broker, batchOf(numbered(1), nowMs), { partition: 1 })).toMatchObject({
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      logStartOffset: -1,
    })
  })
})

// Kafka 4.3 takes the last batch, and the last mention, and says nothing of the first: docs/protocol-support.md.
describe('The same partition twice in one request', () => {
  it('has both batches appended and answered, in their order', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const body = produceBody('t', batchOf(numbered(3), broker.clock.nowMs()))
    const second = { index: 0, records: batchOf(numbered(2), broker.clock.nowMs()) }
    const topicData = body.topicData.map((topic) => ({
      ...topic,
      partitionData: [...topic.partitionData, second],
    }))
    const reply = await broker.settle(broker.connect().request(produce, 9, { ...body, topicData }))
    const answers = reply.responses.flatMap((topic) => topic.partitionResponses)
    expect(answers.map(({ baseOffset, errorCode }) => [errorCode, baseOffset])).toEqual([
      [0, 0],
      [0, 3],
    ])
  })

  it('has both mentions answered by a fetch, and the last one by a session', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    await broker.produce('t', numbered(3))
    const partitions = [3, 0].map((fetchOffset) => ({ partition: 0, fetchOffset, partitionMaxBytes: 1000 }))
    const request: FetchRequestInput = { maxWaitMs: 0, minBytes: 1, topics: [{ topic: 't', partitions }] }
    const hasRecords = async (sessionEpoch: number): Promise<boolean[]> => {
      const asked = broker.connect().request(fetch, 12, { ...request, sessionEpoch })
      const { responses } = await broker.settle(asked)
      return responses.flatMap((topic) =>
        topic.partitions.map(({ records }) => records !== null && records.length > 0),
      )
    }
    expect(await hasRecords(-1)).toEqual([false, true])
    expect(await hasRecords(0)).toEqual([true])
  })
})
