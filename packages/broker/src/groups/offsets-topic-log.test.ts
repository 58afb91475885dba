import type { AppendOutcome, PartitionLog } from '@millrace/log-core'
import { readBatchRecords } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import { OffsetsTopicLog, type OffsetsTopicLogOptions } from './offsets-topic-log.ts'

const DURABLE = Promise.resolve()
const FULL = { kind: 'rejected', reason: 'queue-full', message: 'full' } as const

/** One partition of a topic that is there, has room and takes what it is given when the test says so. */
class FakeTopic {
  isCreated = true
  isFull = false
  /** What the next append is answered. */
  refusal: AppendOutcome | null = null
  readonly appended: string[] = []
  readonly created = Promise.withResolvers<void>()
  readonly room = Promise.withResolvers<void>()
  readonly log: OffsetsTopicLog
  createCount = 0
  /** Why its log is not open. */
  failure: Error | null = null

  constructor({ partitionCount }: { partitionCount?: number } = {}) {
    const log = {
      directory: '__consumer_offsets-0',
      append: (batch: Buffer) => this.#append(batch),
      whenRoom: () => this.room.promise,
    } as unknown as PartitionLog
    this.log = new OffsetsTopicLog({
      partitionCount: 1,
      catalog: { topic: () => (partitionCount === undefined ? undefined : { partitionCount }) },
      controlPlane: { createOffsetsTopic: () => this.#create() },
      partitions: { find: () => (this.isCreated ? this.#found(log) : undefined) },
    } as unknown as OffsetsTopicLogOptions)
  }

  append(name: string, partition = 0): Promise<void> {
    return this.log.append(partition, [{ key: Buffer.from(name), value: null, timestampMs: 0 }])
  }

  #create(): Promise<void> {
    this.createCount++
    return this.created.promise
  }

  #found(log: PartitionLog) {
    const { failure } = this
    return { onlineLog: failure === null ? log : null, failure }
  }

  #append(batch: Buffer): AppendOutcome {
    const { refusal } = this
    this.refusal = null
    if (refusal !== null) return refusal
    if (this.isFull) return FULL
    for (const { key } of readBatchRecords(batch, 0)) this.appended.push(key?.toString() ?? '')
    return { kind: 'appended', baseOffset: 0, lastOffset: 0, logAppendTimeMs: -1, committed: DURABLE }
  }
}

describe('appends of one partition', () => {
  it('go behind one that waits for the topic, though it is there by now', async () => {
    const topic = new FakeTopic()
    topic.isCreated = false
    const first = topic.append('first')
    topic.isCreated = true
    const second = topic.append('second')
    topic.created.resolve()
    await Promise.all([first, second])
    expect(topic.appended).toEqual(['first', 'second'])
  })

  it('go behind one that waits for room, though there is room by now', async () => {
    const topic = new FakeTopic()
    topic.isFull = true
    const first = topic.append('first')
    topic.isFull = false
    const second = topic.append('second')
    topic.room.resolve()
    await Promise.all([first, second])
    expect(topic.appended).toEqual(['first', 'second'])
  })

  it('do not wait any more once the one before them is in the log', async () => {
    const topic = new FakeTopic()
    topic.isFull = true
    const first = topic.append('first')
    topic.isFull = false
    topic.room.resolve()
    await first
    void topic.append('second')
    expect(topic.appended).toEqual(['first', 'second'])
  })

  it('are refused with the one that they wait behind', async () => {
    const topic = new FakeTopic()
    topic.isFull = true
    const outcomes = Promise.allSettled([topic.append('first'), topic.append('second')])
    topic.refusal = { kind: 'rejected', reason: 'offline', message: 'the disk is gone' }
    topic.isFull = false
    topic.room.resolve()
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(topic.appended).toEqual([])
  })
})

it('makes the topic once for all partitions that need it', async () => {
  const topic = new FakeTopic()
  topic.isCreated = false
  const appended = [0, 1, 2].map((partition) => topic.append('record', partition))
  await Promise.resolve()
  topic.isCreated = true
  topic.created.resolve()
  await Promise.all(appended)
  expect(topic.createCount).toBe(1)
})

it('keeps to the number of partitions that the topic has, whatever is configured', () => {
  expect(new FakeTopic({ partitionCount: 50 }).log.partitionCount).toBe(50)
  expect(new FakeTopic().log.partitionCount).toBe(1)
})

it('refuses with what is the matter with a partition that is offline', async () => {
  const topic = new FakeTopic()
  topic.failure = new Error('damaged at byte 7')
  await expect(topic.append('record')).rejects.toThrow('damaged at byte 7')
})
