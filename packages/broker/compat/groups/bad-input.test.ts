import { readFileSync } from 'node:fs'
import { ErrorCode, joinGroup } from '@millrace/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isKafkaInstalled, startKafka } from '../../../../test/kafka/apache-kafka.ts'
import { MillraceProcess } from '../process/millrace-process.ts'
import { askBadly, joinRequest, PlainConnection } from './hostile-requests.ts'

const MiB = 1024 * 1024

/** As Kafka 4.3 answers; `npm run nightly` asks one again. */
const ANSWERS = {
  'beat: an epoch that means nothing': 'INVALID_REQUEST',
  'beat: empty group id': 'INVALID_REQUEST',
  'beat: empty member id': 'INVALID_REQUEST',
  'beat: future epoch': 'FENCED_MEMBER_EPOCH',
  'commit: 100,000 partitions': '100000 NONE,UNKNOWN_TOPIC_OR_PARTITION',
  'commit: 32,767 characters': 'NONE',
  'commit: empty group id': 'NONE',
  'commit: negative offset': 'NONE',
  'commit: negative partition': 'UNKNOWN_TOPIC_OR_PARTITION',
  'commit: newlines in the group id': 'NONE',
  'commit: unknown partition': 'UNKNOWN_TOPIC_OR_PARTITION',
  'commit: unknown topic': 'UNKNOWN_TOPIC_OR_PARTITION',
  'heartbeat: future generation': 'ILLEGAL_GENERATION',
  'join: a stranger': 'UNKNOWN_MEMBER_ID',
  'join: empty group id': 'INVALID_GROUP_ID',
  'join: no protocol type': 'INCONSISTENT_GROUP_PROTOCOL',
  'join: no protocols': 'INCONSISTENT_GROUP_PROTOCOL',
  'leave: a stranger': 'UNKNOWN_MEMBER_ID',
  'no group id: delete': 'NONE',
  'no group id: delete offsets': 'INVALID_GROUP_ID',
  // The commit above made a group of that name.
  'no group id: describe': 'NONE Empty',
  'no group id: describe a consumer group': 'INVALID_GROUP_ID',
  'no group id: fetch offsets': 'NONE',
  'no group id: heartbeat': 'INVALID_GROUP_ID',
  'no group id: join with a session timeout that is too short': 'INVALID_GROUP_ID',
  'no group id: join with no protocols': 'INVALID_GROUP_ID',
  'no group id: leave': 'INVALID_GROUP_ID ',
  'no group id: leave alone': 'INVALID_GROUP_ID',
  'no group id: sync': 'INVALID_GROUP_ID',
  'no group id: sync that names no protocol': 'INCONSISTENT_GROUP_PROTOCOL',
  'regex: a back-reference': 'INVALID_REGULAR_EXPRESSION',
  // Kafka compiles it, whatever that takes.
  'regex: a program of a million states': 'INVALID_REGULAR_EXPRESSION',
  'regex: for ever in a backtracking engine': 'NONE',
  'regex: not one': 'INVALID_REGULAR_EXPRESSION',
  'sync: a stranger': 'UNKNOWN_MEMBER_ID',
  'sync: no such group': 'UNKNOWN_MEMBER_ID',
}

describe('bad input about groups', () => {
  let broker: MillraceProcess
  beforeAll(async () => {
    broker = await MillraceProcess.start()
  })
  afterAll(async () => {
    await broker.close()
  })

  it("is answered with Kafka's errors, at once", async () => {
    const startedMs = performance.now()
    expect(await askBadly(broker.bootstrap)).toEqual(ANSWERS)
    // All of it takes some hundreds of milliseconds; a pattern that backtracks would take years.
    expect(performance.now() - startedMs).toBeLessThan(20_000)
  })

  it('refuses 1 MiB of metadata, and remembers nothing of it', async () => {
    const connection = new PlainConnection(broker.bootstrap)
    try {
      const join = (metadata: Buffer) =>
        connection.ask(
          joinGroup,
          9,
          joinRequest('large', { groupInstanceId: 'one', protocols: [{ name: 'range', metadata }] }),
        )
      expect((await join(Buffer.alloc(MiB))).errorCode).toBe(ErrorCode.MESSAGE_TOO_LARGE)
      expect(await join(Buffer.from('small'))).toMatchObject({ errorCode: 0, generationId: 1 })
    } finally {
      connection.close()
    }
  })

  it('takes 10,000 who want to become members of one group, in bounded time and memory', async () => {
    const connections = Array.from({ length: 50 }, () => new PlainConnection(broker.bootstrap))
    try {
      const startedMs = performance.now()
      const before = residentBytes(broker.pid)
      // A member's second request would wait for the group: each connection asks for ids, which are held as pending.
      await Promise.all(
        connections.map(async (connection) => {
          for (let index = 0; index < 200; index++) {
            const { errorCode } = await connection.ask(joinGroup, 9, joinRequest('crowd'))
            expect(errorCode).toBe(ErrorCode.MEMBER_ID_REQUIRED)
          }
        }),
      )
      expect(performance.now() - startedMs).toBeLessThan(20_000)
      expect(residentBytes(broker.pid) - before).toBeLessThan(200 * MiB)
    } finally {
      for (const connection of connections) connection.close()
    }
  })

  it.runIf(process.env.MILLRACE_GROUP_TRIALS === 'all' && isKafkaInstalled())(
    'is answered in the same way by Kafka itself',
    async () => {
      await using kafka = await startKafka({ heap: '512m' })
      expect(await askBadly(kafka.bootstrap)).toEqual({
        ...ANSWERS,
        'regex: a program of a million states': 'NONE',
      })
    },
  )
})

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
}
