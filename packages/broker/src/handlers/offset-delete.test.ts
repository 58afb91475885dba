import { ErrorCode, offsetCommit, offsetDelete, offsetFetch } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { TestBroker } from '../testing/test-broker.ts'

async function commit(broker: TestBroker): Promise<void> {
  const partitions = [0, 1].map((partitionIndex) => ({
    partitionIndex,
    committedOffset: 5,
    committedLeaderEpoch: -1,
    committedMetadata: '',
  }))
  const { topics } = await broker.settle(
    broker.connect().request(offsetCommit, 8, {
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      topics: [{ name: 't', partitions }],
    }),
  )
  expect(topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([0, 0])
}

async function remove(broker: TestBroker, groupId: string, topic: string, indexes: number[]) {
  const topics = [{ name: topic, partitions: indexes.map((partitionIndex) => ({ partitionIndex })) }]
  return broker.settle(broker.connect().request(offsetDelete, 0, { groupId, topics }))
}

async function committed(broker: TestBroker): Promise<number[] | undefined> {
  const { topics } = await broker.settle(
    broker
      .connect()
      .request(offsetFetch, 7, { groupId: 'g', topics: [{ name: 't', partitionIndexes: [0, 1] }] }),
  )
  return topics[0]?.partitions.map(({ committedOffset }) => committedOffset)
}

describe('OffsetDelete', () => {
  it('takes back what was named, and refuses partitions that are not there one by one', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 2)
    await commit(broker)
    const { errorCode, topics } = await remove(broker, 'g', 't', [0, 7])
    expect(errorCode).toBe(ErrorCode.NONE)
    expect(topics[0]?.partitions).toEqual([
      { partitionIndex: 0, errorCode: ErrorCode.NONE },
      { partitionIndex: 7, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
    ])
    expect(await committed(broker)).toEqual([-1, 5])
  })

  it('tells an unknown group', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 2)
    expect(await remove(broker, 'nobody', 't', [0])).toMatchObject({
      errorCode: ErrorCode.GROUP_ID_NOT_FOUND,
      topics: [],
    })
  })
})
