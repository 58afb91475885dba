import { memoryFileSystem } from '@millrace/log-core'
import { createTopics, ErrorCode, metadata } from '@millrace/protocol'
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
})
