import { ErrorCode, encodeResponse, metadata } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { FakeBroker } from '../../test/fake-broker.ts'
import { FakeClock, turns } from '../../test/fake-clock.ts'
import { LIMITS } from '../client-limits.ts'
import { resolveClientOptions } from '../client-options.ts'
import { Connection } from './connection.ts'

const ADDRESS = { host: 'fake', port: 9092 }
const EMPTY_METADATA = { brokers: [], clusterId: 'c', controllerId: 1, topics: [] }
const REQUEST = { topics: [], allowAutoTopicCreation: false }

function open(broker: FakeBroker, clock = new FakeClock()): Promise<Connection> {
  return Connection.open(
    resolveClientOptions({ bootstrapServers: 'fake:9092', network: broker, clock }),
    ADDRESS,
  )
}

function lengthPrefixed(length: number, ...rest: number[]): Buffer {
  const bytes = Buffer.alloc(4 + rest.length)
  bytes.writeInt32BE(length)
  bytes.set(rest, 4)
  return bytes
}

describe('version negotiation', () => {
  it('asks in its own highest version and remembers what the broker takes', async () => {
    const broker = new FakeBroker({ Metadata: () => EMPTY_METADATA })
    const connection = await open(broker)
    await connection.request(metadata, REQUEST, { timeoutMs: 1000 })
    expect(broker.requests.map(({ api, version }) => `${api} ${version}`)).toEqual([
      'ApiVersions 4',
      'Metadata 12',
    ])
  })

  it('asks again in the version that an older broker names', async () => {
    const broker = new FakeBroker()
    broker.ranges = { 18: [0, 2] }
    broker.handlers.ApiVersions = ({ version }) => ({
      errorCode: version > 2 ? ErrorCode.UNSUPPORTED_VERSION : 0,
      apiKeys: broker.apiKeys(),
    })
    await open(broker)
    expect(broker.requests.map(({ version }) => version)).toEqual([4, 2])
  })

  it('falls back to version 0 when the broker names none', async () => {
    const broker = new FakeBroker()
    broker.handlers.ApiVersions = ({ version }) => ({
      errorCode: version > 0 ? ErrorCode.UNSUPPORTED_VERSION : 0,
      apiKeys: [],
    })
    await open(broker)
    expect(broker.requests.map(({ version }) => version)).toEqual([4, 0])
  })

  it('refuses a request that the broker does not offer, and goes on', async () => {
    const broker = new FakeBroker({ Metadata: () => EMPTY_METADATA })
    broker.ranges = { 18: [0, 4] }
    const connection = await open(broker)
    await expect(connection.request(metadata, REQUEST, { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'UNSUPPORTED_VERSION',
      message: expect.stringContaining('does not offer it'),
    })
    expect(connection.isOpen).toBe(true)
  })
})

describe('pipelining', () => {
  it('sends requests without waiting and gives each its own answer', async () => {
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const broker = new FakeBroker({
      Metadata: async ({ body }) => {
        await held
        return { ...EMPTY_METADATA, clusterId: body.topics[0].name }
      },
    })
    const connection = await open(broker)
    const answers = ['a', 'b', 'c'].map((name) =>
      connection.request(metadata, { ...REQUEST, topics: [{ name }] }, { timeoutMs: 1000 }),
    )
    await turns()
    expect(broker.count('Metadata')).toBe(3)
    release()
    expect((await Promise.all(answers)).map(({ clusterId }) => clusterId)).toEqual(['a', 'b', 'c'])
  })

  it('fails what waits, with a typed error, when the connection is lost', async () => {
    const broker = new FakeBroker({ Metadata: () => new Promise(() => {}) })
    const connection = await open(broker)
    const lost = connection.request(metadata, REQUEST, { timeoutMs: 1000 })
    broker.cut()
    await expect(lost).rejects.toMatchObject({ code: 'CONNECTION_LOST', retriable: true })
    await expect(connection.request(metadata, REQUEST, { timeoutMs: 1 })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    })
  })

  it('ends the connection when an answer is overdue, also behind one with a later deadline', async () => {
    const clock = new FakeClock()
    const broker = new FakeBroker({ Metadata: () => new Promise(() => {}) })
    const connection = await open(broker, clock)
    const patient = connection.request(metadata, REQUEST, { timeoutMs: 60_000 })
    const hasty = connection.request(metadata, REQUEST, { timeoutMs: 1000 })
    const outcomes = Promise.allSettled([patient, hasty])
    await clock.advance(999)
    expect(connection.isOpen).toBe(true)
    await clock.advance(1)
    expect(connection.isOpen).toBe(false)
    expect(await outcomes).toMatchObject([
      { reason: { code: 'REQUEST_TIMED_OUT', message: expect.stringContaining('1000 ms') } },
      { reason: { code: 'REQUEST_TIMED_OUT' } },
    ])
  })
})

describe('a broker that answers nothing', () => {
  it('is sent no more requests than the limit allows', async () => {
    const connection = await open(new FakeBroker({ Metadata: () => new Promise(() => {}) }))
    const ask = (): Promise<unknown> => connection.request(metadata, REQUEST, { timeoutMs: 1000 })
    const waiting = Array.from({ length: LIMITS.maxPendingRequests }, ask)
    await expect(ask()).rejects.toMatchObject({ code: 'BUFFER_FULL', retriable: true })
    connection.close()
    expect(new Set((await Promise.allSettled(waiting)).map(({ status }) => status))).toEqual(
      new Set(['rejected']),
    )
  })
})

describe('answers that lie', () => {
  const lies: Record<string, Buffer> = {
    'a negative length': lengthPrefixed(-1),
    'a length of zero': lengthPrefixed(0),
    'a length of 2 GiB': lengthPrefixed(0x7fffffff),
    'a frame too short for a correlation id': lengthPrefixed(2, 0, 0),
    'a whole answer with another correlation id': Buffer.concat(
      encodeResponse(metadata, 12, 77, EMPTY_METADATA),
    ),
    'a body that is cut off': lengthPrefixed(6, 0, 0, 0, 1, 0, 0),
    'a count beyond the frame': lengthPrefixed(14, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x07),
    'an HTTP answer': Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
  }
  for (const [what, bytes] of Object.entries(lies)) {
    it(`${what} fails the request with INVALID_RESPONSE and ends the connection`, async () => {
      const broker = new FakeBroker({
        Metadata: ({ connection }) => {
          connection.sendRaw(bytes)
          return null
        },
      })
      const connection = await open(broker)
      await expect(connection.request(metadata, REQUEST, { timeoutMs: 1000 })).rejects.toMatchObject({
        code: 'INVALID_RESPONSE',
        retriable: true,
      })
      expect(connection.isOpen).toBe(false)
    })
  }

  it('an answer above the limit fails the request before anything is kept for it', async () => {
    const broker = new FakeBroker({
      Metadata: ({ connection }) => {
        connection.sendRaw(lengthPrefixed(70_000))
        return null
      },
    })
    const connection = await Connection.open(
      resolveClientOptions({
        bootstrapServers: 'fake:9092',
        network: broker,
        clock: new FakeClock(),
        maxResponseBytes: 65_536,
      }),
      ADDRESS,
    )
    await expect(connection.request(metadata, REQUEST, { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'INVALID_RESPONSE',
      message: expect.stringContaining('70000'),
    })
  })

  it('an answer that nobody asked for ends the connection', async () => {
    const broker = new FakeBroker()
    const connection = await open(broker)
    broker.connections[0]?.sendRaw(lengthPrefixed(4, 0, 0, 0, 9))
    expect(connection.isOpen).toBe(false)
  })

  it('names the address and the reason when nobody listens', async () => {
    const broker = new FakeBroker()
    broker.isDown = true
    await expect(open(broker)).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: 'no broker answers at fake:9092: connection refused',
    })
  })
})

describe('authentication', () => {
  const SASL = { mechanism: 'plain', username: 'u', password: 'p' } as const

  function openAs(broker: FakeBroker, clock = new FakeClock()): Promise<Connection> {
    const settings = resolveClientOptions({
      bootstrapServers: 'fake:9092',
      network: broker,
      clock,
      sasl: SASL,
    })
    return Connection.open(settings, ADDRESS)
  }

  function brokerWith(sessionLifetimeMs: number, errorCode = 0): FakeBroker {
    const broker = new FakeBroker({
      Metadata: () => EMPTY_METADATA,
      SaslHandshake: () => ({ errorCode: 0, mechanisms: ['PLAIN'] }),
      SaslAuthenticate: () => ({
        errorCode,
        errorMessage: errorCode === 0 ? null : 'wrong password',
        authBytes: Buffer.alloc(0),
        sessionLifetimeMs,
      }),
    })
    broker.ranges = { ...broker.ranges, 17: [0, 1], 36: [0, 2] }
    return broker
  }

  it('comes after the versions and before everything else', async () => {
    const broker = brokerWith(0)
    const connection = await openAs(broker)
    await connection.request(metadata, REQUEST, { timeoutMs: 1000 })
    expect(broker.requests.map(({ api }) => api)).toEqual([
      'ApiVersions',
      'SaslHandshake',
      'SaslAuthenticate',
      'Metadata',
    ])
    expect(broker.requests[2]?.body.authBytes.toString()).toBe('\0u\0p')
  })

  it('that fails is told with what the broker says, and is not tried again', async () => {
    await expect(openAs(brokerWith(0, ErrorCode.SASL_AUTHENTICATION_FAILED))).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      retriable: false,
      message: 'PLAIN: wrong password',
    })
  })

  it('names the mechanisms that the broker takes instead', async () => {
    const broker = brokerWith(0)
    broker.handlers.SaslHandshake = () => ({
      errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM,
      mechanisms: ['SCRAM-SHA-256', 'SCRAM-SHA-512'],
    })
    await expect(openAs(broker)).rejects.toMatchObject({
      message: 'the broker does not take PLAIN; it takes SCRAM-SHA-256, SCRAM-SHA-512',
    })
  })

  const LISTENERS: readonly [what: string, code: string, prepare: (broker: FakeBroker) => void][] = [
    [
      'does not offer SASL',
      'UNSUPPORTED_VERSION',
      (broker) => {
        const { 17: _saslHandshake, ...others } = broker.ranges
        broker.ranges = others
      },
    ],
    [
      'refuses SASL, as Kafka does on a plain one',
      'AUTHENTICATION_FAILED',
      (broker) => {
        broker.handlers.SaslHandshake = () => ({ errorCode: ErrorCode.ILLEGAL_SASL_STATE, mechanisms: [] })
      },
    ],
  ]
  it.each(LISTENERS)('over a listener that %s says to go without', async (_what, code, prepare) => {
    const broker = brokerWith(0)
    prepare(broker)
    await expect(openAs(broker)).rejects.toMatchObject({
      code,
      retriable: false,
      message: 'the listener does not take SASL, and so not PLAIN',
      whatToDo: expect.stringContaining('connect without `sasl`'),
    })
  })

  it('is renewed before the session ends, while requests wait', async () => {
    const clock = new FakeClock()
    const broker = brokerWith(10_000)
    const connection = await openAs(broker, clock)
    await clock.advance(8_499)
    expect(broker.count('SaslAuthenticate')).toBe(1)
    await clock.advance(2)
    expect(broker.count('SaslAuthenticate')).toBe(2)
    await connection.request(metadata, REQUEST, { timeoutMs: 1000 })
    connection.close()
    await clock.advance(60_000)
    expect(broker.count('SaslAuthenticate')).toBe(2)
  })

  it('that cannot be renewed ends the connection', async () => {
    const clock = new FakeClock()
    const broker = brokerWith(10_000)
    const connection = await openAs(broker, clock)
    broker.handlers.SaslHandshake = () => ({ errorCode: ErrorCode.ILLEGAL_SASL_STATE, mechanisms: [] })
    await clock.advance(9_000)
    expect(connection.isOpen).toBe(false)
  })
})

describe('a broker that throttles', () => {
  it('gets no request before the time that it asked for, and then all in their order', async () => {
    const clock = new FakeClock()
    let throttleTimeMs = 5_000
    const broker = new FakeBroker({
      Metadata: ({ body }) => {
        const answer = { ...EMPTY_METADATA, throttleTimeMs, clusterId: body.topics[0]?.name ?? 'first' }
        throttleTimeMs = 0
        return answer
      },
    })
    const connection = await open(broker, clock)
    await connection.request(metadata, REQUEST, { timeoutMs: 1000 })
    const later = ['a', 'b'].map((name) =>
      connection.request(metadata, { ...REQUEST, topics: [{ name }] }, { timeoutMs: 1000 }),
    )
    await clock.advance(4_999)
    expect(broker.count('Metadata')).toBe(1)
    await clock.advance(1)
    expect((await Promise.all(later)).map(({ clusterId }) => clusterId)).toEqual(['a', 'b'])
  })
})
