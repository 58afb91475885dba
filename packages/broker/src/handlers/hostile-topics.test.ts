import { memoryFileSystem } from '@millrace/log-core'
import {
  createPartitions,
  createTopics,
  deleteTopics,
  ErrorCode,
  metadata,
  offsetCommit,
  offsetFetch,
} from '@millrace/protocol'
import { Prng } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { TestBroker } from '../testing/test-broker.ts'

/** What names are put together from: path parts, control characters, look-alikes, device names, what is legal. */
const PARTS = [
  '..',
  '.',
  '/',
  '\\',
  '\0',
  '\n',
  '\u202e',
  'a',
  'A',
  'ａ',
  'á',
  'a\u0301',
  'ß',
  'K',
  'CON',
  'nul',
  'aux.txt',
  '%2e%2e',
  '~',
  ' ',
  '-',
  '_',
  '0',
  'millrace-catalog.journal',
  'meta.properties',
  'x'.repeat(120),
] as const
const COUNT = 1000
const LEGAL = /^[a-zA-Z0-9._-]{1,249}$/

function hostileNames(): string[] {
  const prng = new Prng(8)
  const names = new Set(['', '.', '..', '../x', '/etc/passwd', 'a/../../b', '__consumer_offsets'])
  while (names.size < COUNT) {
    const length = 1 + prng.below(4)
    names.add(Array.from({ length }, () => PARTS[prng.below(PARTS.length)]).join(''))
  }
  return [...names]
}

describe('a thousand hostile topic names', () => {
  it('make no file outside the data directory, and no topic that Kafka would refuse', async () => {
    const fileSystem = memoryFileSystem()
    await using broker = await TestBroker.start({ fileSystem })
    const topics = hostileNames().map((name) => ({
      name,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    }))
    const connection = broker.connect()
    const answer = await broker.settle(connection.request(createTopics, 7, { topics }))
    expect(answer.topics.length).toBe(COUNT)
    let created = 0
    for (const { name, errorCode } of answer.topics) {
      const isLegal = LEGAL.test(name) && name !== '.' && name !== '..'
      if (errorCode === ErrorCode.NONE) created++
      // A legal name may still collide with another one in '.' and '_'.
      if (!isLegal) expect([name, errorCode]).toEqual([name, ErrorCode.INVALID_TOPIC_EXCEPTION])
    }
    expect(created).toBeGreaterThan(20)
    expect(fileSystem.list('/').map(({ name }) => name)).toEqual(['data'])
    const directories = fileSystem.list('/data').filter(({ kind }) => kind === 'directory')
    expect(directories.length).toBe(created)
    for (const { name } of directories) expect(name).toMatch(/^[a-zA-Z0-9._-]+-0$/)
    // Asking is no other way in.
    const asked = await broker.settle(
      connection.request(metadata, 12, {
        topics: topics.slice(0, 100).map(({ name }) => ({ name })),
        allowAutoTopicCreation: true,
      }),
    )
    expect(asked.topics.length).toBe(100)
    expect(fileSystem.list('/').map(({ name }) => name)).toEqual(['data'])
  })
})

describe('__consumer_offsets', () => {
  it('cannot be made by a client with another number of partitions: some groups would have no place', async () => {
    await using broker = await TestBroker.start({ config: { 'offsets.topic.num.partitions': '4' } })
    const create = async (numPartitions: number): Promise<number | undefined> => {
      const topic = {
        name: '__consumer_offsets',
        numPartitions,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      }
      const answer = await broker.settle(broker.connect().request(createTopics, 7, { topics: [topic] }))
      return answer.topics[0]?.errorCode
    }
    expect(await create(2)).toBe(ErrorCode.INVALID_PARTITIONS)
    expect(await create(5)).toBe(ErrorCode.INVALID_PARTITIONS)
    expect(await create(4)).toBe(ErrorCode.NONE)
  })

  // Asked, Kafka 4.3 allowed both; its groups were gone after the deletion (docs/decisions/0052).
  it('can be neither deleted nor grown by a client, by name or by id; groups are there after a restart', async () => {
    const fileSystem = memoryFileSystem()
    const options = { fileSystem, dataDir: '/data', config: { 'offsets.topic.num.partitions': '4' } }
    const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: null }]
    const commit = { groupId: 'g', memberId: '', topics: [{ name: 't', partitions }] }
    {
      await using broker = await TestBroker.start(options)
      await broker.createTopic('t', 1)
      const client = broker.connect()
      await broker.settle(client.request(offsetCommit, 8, commit))
      const id = (await broker.settle(client.request(metadata, 12, { topics: null }))).topics.find(
        ({ name }) => name === '__consumer_offsets',
      )?.topicId
      const names = [{ name: '__consumer_offsets' }, { name: null, topicId: id ?? '' }]
      for (const topic of names) {
        const { responses } = await broker.settle(
          client.request(deleteTopics, 6, { topics: [topic], timeoutMs: 0 }),
        )
        expect(responses[0]).toMatchObject({
          errorCode: ErrorCode.INVALID_REQUEST,
          errorMessage: expect.stringContaining('DeleteGroups'),
        })
      }
      const grow = {
        topics: [{ name: '__consumer_offsets', count: 6, assignments: null }],
        timeoutMs: 0,
        validateOnly: false,
      }
      expect((await broker.settle(client.request(createPartitions, 3, grow))).results[0]).toMatchObject({
        errorCode: ErrorCode.INVALID_PARTITIONS,
      })
    }
    await using broker = await TestBroker.start(options)
    const asked = { groups: [{ groupId: 'g', topics: [{ name: 't', partitionIndexes: [0] }] }] }
    const { groups } = await broker.settle(broker.connect().request(offsetFetch, 8, asked))
    expect(groups[0]?.topics[0]?.partitions[0]?.committedOffset).toBe(7)
  })
})
