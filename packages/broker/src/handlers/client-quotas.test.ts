import { memoryFileSystem } from '@millrace/log-core'
import {
  type AlterClientQuotasRequestInput,
  alterClientQuotas,
  describeClientQuotas,
  ErrorCode,
  fetch,
  metadata,
  produce,
  ZERO_UUID,
} from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { batchOf, numbered, produceBody, TestBroker } from '../testing/test-broker.ts'
import type { TestConnection } from '../testing/test-connection.ts'

type Entity = Readonly<Record<string, string | null>>
type Ops = Readonly<Record<string, number | null>>

function entry(entity: Entity, ops: Ops): AlterClientQuotasRequestInput['entries'][number] {
  return {
    entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
    ops: Object.entries(ops).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
  }
}

async function alter(broker: TestBroker, entries: [Entity, Ops][], validateOnly = false) {
  const request = { entries: entries.map(([entity, ops]) => entry(entity, ops)), validateOnly }
  return (await broker.settle(broker.connect().request(alterClientQuotas, 1, request))).entries
}

/** A client that may send so many bytes a second, and a topic to send to. */
async function noisyClient(broker: TestBroker, bytesPerSecond: number): Promise<TestConnection> {
  await broker.createTopic('t')
  await alter(broker, [[{ 'client-id': 'noisy' }, { producer_byte_rate: bytesPerSecond }]])
  const connection = broker.connect()
  connection.clientId = 'noisy'
  return connection
}

async function list(broker: TestBroker, components: [string, number, string | null][] = [], strict = false) {
  const request = {
    components: components.map(([entityType, matchType, match]) => ({ entityType, matchType, match })),
    strict,
  }
  const answer = await broker.settle(broker.connect().request(describeClientQuotas, 1, request))
  const entries = answer.entries?.map(({ entity, values }) => [
    entity.map(({ entityType, entityName }) => `${entityType}=${entityName}`).join(','),
    values.map(({ key, value }) => `${key}=${value}`).join(','),
  ])
  return { ...answer, entries }
}

describe('AlterClientQuotas', () => {
  it('answers the parts of an entity with the client id before the user (trap 26)', async () => {
    await using broker = await TestBroker.start()
    const [reply] = await alter(broker, [[{ user: 'u', 'client-id': 'c' }, { producer_byte_rate: 1000 }]])
    expect(reply).toMatchObject({ errorCode: ErrorCode.NONE, errorMessage: null })
    expect(reply?.entity).toEqual([
      { entityType: 'client-id', entityName: 'c' },
      { entityType: 'user', entityName: 'u' },
    ])
  })

  it('sets and removes single quotas, and a restart forgets none', async () => {
    const fileSystem = memoryFileSystem()
    const first = await TestBroker.start({ fileSystem })
    await alter(first, [[{ user: 'u' }, { producer_byte_rate: 1000, consumer_byte_rate: 2000 }]])
    await alter(first, [[{ user: 'u' }, { producer_byte_rate: null, request_percentage: 12.5 }]])
    await alter(first, [[{ user: 'gone' }, { producer_byte_rate: 5 }]])
    await alter(first, [[{ user: 'gone' }, { producer_byte_rate: null }]])
    await first.close()
    await using second = await TestBroker.start({ fileSystem })
    expect((await list(second)).entries).toEqual([
      ['user=u', 'consumer_byte_rate=2000,request_percentage=12.5'],
    ])
  })

  it('changes nothing when it only validates', async () => {
    await using broker = await TestBroker.start()
    expect(await alter(broker, [[{ user: 'u' }, { producer_byte_rate: 1 }]], true)).toMatchObject([
      { errorCode: ErrorCode.NONE },
    ])
    expect((await list(broker)).entries).toEqual([])
  })

  const refusals: [string, Entity, Ops, RegExp][] = [
    ['nobody', {}, { producer_byte_rate: 1 }, /empty client quota entity/],
    [
      'an unknown kind of entity',
      { foo: 'u' },
      { producer_byte_rate: 1 },
      /Unhandled client quota entity type/,
    ],
    ['an empty user', { user: '' }, { producer_byte_rate: 1 }, /Empty user/],
    ['an address', { ip: '127.0.0.1' }, { connection_creation_rate: 1 }, /not available/],
    ['no address', { ip: 'no host' }, { connection_creation_rate: 1 }, /not a valid IP/],
    ['an address and a user', { ip: '::1', user: 'u' }, { producer_byte_rate: 1 }, /cannot be combined/],
    ['an unknown quota', { user: 'u' }, { foo: 1 }, /Invalid configuration key foo/],
    ['a quota that has no effect here', { user: 'u' }, { controller_mutation_rate: 1 }, /not available/],
    ['half a byte', { user: 'u' }, { producer_byte_rate: 1.5 }, /fractional/],
    ['more than a LONG', { user: 'u' }, { consumer_byte_rate: 2 ** 64 }, /too large for a LONG/],
    ['nothing', { user: 'u' }, { producer_byte_rate: 0 }, /greater than 0/],
    ['less than nothing', { user: 'u' }, { consumer_byte_rate: -1 }, /greater than 0/],
    ['no number', { user: 'u' }, { request_percentage: Number.NaN }, /greater than 0/],
    ['too much', { user: 'u' }, { request_percentage: Number.POSITIVE_INFINITY }, /greater than 0/],
  ]
  it.each(refusals)('refuses %s', async (_title, entity, ops, message) => {
    await using broker = await TestBroker.start()
    const [reply] = await alter(broker, [[entity, ops]])
    expect(reply?.errorCode).toBe(ErrorCode.INVALID_REQUEST)
    expect(reply?.errorMessage).toMatch(message)
    expect((await list(broker)).entries).toEqual([])
  })

  it('refuses an entity that is named twice, once', async () => {
    await using broker = await TestBroker.start()
    const replies = await alter(broker, [
      [{ user: 'u' }, { producer_byte_rate: 1 }],
      [{ user: 'u' }, { producer_byte_rate: 2 }],
      [{ user: 'v' }, { producer_byte_rate: 3 }],
    ])
    expect(replies.map(({ errorCode }) => errorCode)).toEqual([ErrorCode.INVALID_REQUEST, ErrorCode.NONE])
  })
})

describe('one entry of AlterClientQuotas', () => {
  it('is refused when it names a quota twice', async () => {
    await using broker = await TestBroker.start()
    const { entity, ops } = entry({ user: 'u' }, { producer_byte_rate: 1 })
    const request = { entries: [{ entity, ops: [...ops, ...ops] }], validateOnly: false }
    const { entries } = await broker.settle(broker.connect().request(alterClientQuotas, 1, request))
    expect(entries).toMatchObject([
      {
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: 'Ignoring duplicate entity ClientQuotaEntity(entries={user=u})',
      },
    ])
    expect((await list(broker)).entries).toEqual([])
  })
})

describe('DescribeClientQuotas', () => {
  const EXACT = 0
  const DEFAULT = 1
  const ANY = 2

  async function withQuotas(): Promise<TestBroker> {
    const broker = await TestBroker.start()
    await alter(broker, [
      [{ 'client-id': 'c' }, { producer_byte_rate: 1 }],
      [{ 'client-id': null }, { producer_byte_rate: 2 }],
      [{ user: 'u', 'client-id': 'c' }, { producer_byte_rate: 3 }],
    ])
    return broker
  }

  const filters: [string, [string, number, string | null][], boolean, string[]][] = [
    ['everything', [], false, ['client-id=c', 'client-id=null', 'client-id=c,user=u']],
    ['one client', [['client-id', EXACT, 'c']], false, ['client-id=c', 'client-id=c,user=u']],
    ['one client and nothing else', [['client-id', EXACT, 'c']], true, ['client-id=c']],
    ['the default', [['client-id', DEFAULT, null]], false, ['client-id=null']],
    ['any user', [['user', ANY, null]], false, ['client-id=c,user=u']],
    ['any address', [['ip', ANY, null]], false, []],
  ]
  it.each(filters)('finds %s', async (_title, components, strict, expected) => {
    await using broker = await withQuotas()
    const { entries } = await list(broker, components, strict)
    expect(entries?.map(([entity]) => entity)).toEqual(expected)
  })

  const wrong: [string, [string, number, string | null][], number][] = [
    ['an unknown kind', [['foo', ANY, null]], ErrorCode.UNSUPPORTED_VERSION],
    ['no kind', [['', ANY, null]], ErrorCode.INVALID_REQUEST],
    ['an unknown match', [['user', 7, null]], ErrorCode.INVALID_REQUEST],
    ['an exact match of nothing', [['user', EXACT, null]], ErrorCode.INVALID_REQUEST],
    [
      'a user and an address',
      [
        ['user', ANY, null],
        ['ip', ANY, null],
      ],
      ErrorCode.INVALID_REQUEST,
    ],
  ]
  it.each(wrong)('refuses %s', async (_title, components, errorCode) => {
    await using broker = await withQuotas()
    expect(await list(broker, components)).toMatchObject({ errorCode, entries: undefined })
  })
})

describe('quotas (KIP-219, trap 29)', () => {
  function send(broker: TestBroker, connection: TestConnection, bytes = 1000, acks = -1) {
    const batch = batchOf(numbered(1, bytes), broker.clock.nowMs())
    return connection.request(produce, 9, produceBody('t', batch, { acks }))
  }

  it('tell nobody to wait while there are none', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const connection = broker.connect()
    for (let round = 0; round < 20; round++) {
      expect((await broker.settle(send(broker, connection, 100_000))).throttleTimeMs).toBe(0)
    }
  })

  it('answer at once, tell the time, and then take nothing from the connection', async () => {
    await using broker = await TestBroker.start()
    const connection = await noisyClient(broker, 1000)
    const startedMs = broker.clock.monotonicMs()
    const first = await broker.settle(send(broker, connection, 20_000))
    expect(first.responses[0]?.partitionResponses[0]?.errorCode).toBe(ErrorCode.NONE)
    expect(broker.clock.monotonicMs() - startedMs).toBeLessThan(100)
    expect(first.throttleTimeMs).toBeGreaterThan(5000)
    await broker.settle(send(broker, connection, 10))
    expect(broker.clock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(first.throttleTimeMs)
  })

  it('hold to the rate over time', async () => {
    await using broker = await TestBroker.start()
    const connection = await noisyClient(broker, 10_000)
    const startedMs = broker.clock.monotonicMs()
    for (let round = 0; round < 100; round++) await broker.settle(send(broker, connection, 5000))
    const rate = (100 * 5000) / ((broker.clock.monotonicMs() - startedMs) / 1000)
    // The first ten seconds' worth may come at once.
    expect(rate).toBeGreaterThan(9000)
    expect(rate).toBeLessThan(13_500)
  })

  it('hold to the rate however much comes in one request', async () => {
    await using broker = await TestBroker.start()
    const connection = await noisyClient(broker, 1000)
    const startedMs = broker.clock.monotonicMs()
    for (let round = 0; round < 3; round++) await broker.settle(send(broker, connection, 100_000))
    // The third one waits for the first two.
    expect(broker.clock.monotonicMs() - startedMs).toBeGreaterThan(170_000)
  })

  it('leave other client ids alone', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    await alter(broker, [[{ 'client-id': 'noisy' }, { producer_byte_rate: 10 }]])
    const quiet = broker.connect()
    quiet.clientId = 'quiet'
    expect((await broker.settle(send(broker, quiet, 50_000))).throttleTimeMs).toBe(0)
  })

  it('count each client id for itself under the default, and together under a user', async () => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t')
    const sendAs = async (clientId: string) => {
      const connection = broker.connect()
      connection.clientId = clientId
      return (await broker.settle(send(broker, connection, 6000))).throttleTimeMs
    }
    await alter(broker, [[{ 'client-id': null }, { producer_byte_rate: 1000 }]])
    expect(await sendAs('a')).toBe(0)
    expect(await sendAs('b')).toBe(0)
    await alter(broker, [[{ user: 'ANONYMOUS' }, { producer_byte_rate: 1000 }]])
    expect(await sendAs('c')).toBe(0)
    expect(await sendAs('d')).toBeGreaterThan(0)
  })

  it('give a reader over its quota an empty answer at once', async () => {
    await using broker = await TestBroker.start()
    const topicId = await broker.createTopic('t')
    await broker.produce('t', numbered(1, 60_000))
    await alter(broker, [[{ 'client-id': 'reader' }, { consumer_byte_rate: 1000 }]])
    const read = (connection: TestConnection) =>
      broker.settle(
        connection.request(fetch, 13, {
          maxWaitMs: 0,
          minBytes: 1,
          topics: [
            {
              topicId,
              partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }],
            },
          ],
          forgottenTopicsData: [],
        }),
      )
    const first = broker.connect()
    const second = broker.connect()
    first.clientId = 'reader'
    second.clientId = 'reader'
    const told = await read(first)
    expect(told.responses[0]?.partitions[0]?.records?.length).toBeGreaterThan(60_000)
    expect(told.throttleTimeMs).toBeGreaterThan(0)
    const held = await read(second)
    expect(held).toMatchObject({ errorCode: ErrorCode.NONE, responses: [] })
    expect(held.throttleTimeMs).toBeGreaterThan(0)
  })

  it('hold up who uses the loop for too long, for one window at most', async () => {
    await using broker = await TestBroker.start()
    await alter(broker, [[{ 'client-id': 'busy' }, { request_percentage: 0.000001 }]])
    const connection = broker.connect()
    connection.clientId = 'busy'
    const ask = () =>
      broker.settle(connection.request(metadata, 12, { topics: [{ topicId: ZERO_UUID, name: 'x' }] }))
    const answers = [await ask(), await ask(), await ask()]
    for (const { throttleTimeMs } of answers) expect(throttleTimeMs).toBeLessThanOrEqual(1000)
  })
})
