import { ErrorCode } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { FakeClock, turns, within } from '../../test/fake-clock.ts'
import { FakeCluster } from '../../test/fake-cluster.ts'
import { createClient } from '../client.ts'
import { SendManyError } from './delivery.ts'
import type { Producer } from './producer.ts'
import type { ProducerOptions } from './producer-options.ts'

interface Setup {
  readonly broker: FakeCluster
  readonly clock: FakeClock
  readonly producer: Producer
}

function setup(options: ProducerOptions = {}, partitions = 1): Setup {
  const broker = new FakeCluster({ flights: partitions })
  const clock = new FakeClock()
  const client = createClient({ bootstrapServers: 'fake:9092', network: broker, clock })
  return { broker, clock, producer: client.producer({ compression: 'none', ...options }) }
}

/** Small batches, so that a few records make several. */
const SMALL_BATCHES = { batchBytes: 1024 }
const LONG = 'x'.repeat(400)

function longValues(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${i} ${LONG}`)
}

describe('send', () => {
  it('resolves to the place of the record', async () => {
    const { producer } = setup()
    expect(await producer.send('flights', { value: 'a', timestampMs: 7 })).toEqual({
      topic: 'flights',
      partition: 0,
      offset: 0,
      timestampMs: 7,
    })
  })

  it('puts the records of one turn into one batch', async () => {
    const { broker, producer } = setup()
    await Promise.all(['a', 'b', 'c'].map((value) => producer.send('flights', { value })))
    expect(broker.taken.map(({ values }) => values)).toEqual([['a', 'b', 'c']])
  })

  it('keeps gathering while the broker is busy, and sends when it answers', async () => {
    const { broker, producer } = setup()
    let answer = (): void => {}
    const produce = broker.handlers.Produce
    broker.handlers.Produce = async (request) => {
      if (broker.count('Produce') === 1) await new Promise<void>((resolve) => (answer = resolve))
      return produce?.(request) ?? null
    }
    const sends = [producer.send('flights', { value: 'a' })]
    await turns()
    for (const value of ['b', 'c']) {
      sends.push(producer.send('flights', { value }))
      await turns()
    }
    expect(broker.count('Produce')).toBe(1)
    answer()
    await Promise.all(sends)
    expect(broker.taken.map(({ values }) => values)).toEqual([['a'], ['b', 'c']])
  })

  it('lingers no longer than lingerMs while the broker is busy', async () => {
    const { broker, clock, producer } = setup({ lingerMs: 5 })
    broker.handlers.Produce = () => new Promise(() => {})
    void producer.send('flights', { value: 'a' })
    await turns()
    void producer.send('flights', { value: 'b' })
    await clock.advance(4)
    expect(broker.count('Produce')).toBe(1)
    await clock.advance(2)
    expect(broker.count('Produce')).toBe(2)
  })

  it('sends records with one key to one partition, as Kafka does', async () => {
    const { broker, producer } = setup({}, 7)
    await Promise.all([1, 2, 3].map((n) => producer.send('flights', { key: 'foobar', value: `${n}` })))
    expect(broker.log((-790332482 & 0x7fffffff) % 7)).toEqual(['1', '2', '3'])
  })

  it('puts no more into one request than maxRequestBytes', async () => {
    const { broker, clock, producer } = setup({ ...SMALL_BATCHES, maxRequestBytes: 2_048 }, 6)
    const values = longValues(6).map((value, partition) => ({ value, partition }))
    await within(clock, 1_000, producer.sendMany('flights', values))
    const partitionsOfRequest = broker.requests
      .filter(({ api }) => api === 'Produce')
      .map(({ body }) => body.topicData[0].partitionData.length)
    expect(partitionsOfRequest.reduce((sum, count) => sum + count, 0)).toBe(6)
    expect(Math.max(...partitionsOfRequest)).toBe(4)
  })

  it('reads the leaders again when what it knows is older than metadataMaxAgeMs', async () => {
    const broker = new FakeCluster({ flights: 1 })
    const clock = new FakeClock()
    const options = { bootstrapServers: 'fake:9092', network: broker, clock, metadataMaxAgeMs: 5_000 }
    const producer = createClient(options).producer()
    for (const pauseMs of [0, 4_000, 2_000]) {
      await clock.advance(pauseMs)
      await within(clock, 100, producer.send('flights', { value: 'a' }))
    }
    expect(broker.count('Metadata')).toBe(2)
  })

  it('refuses a partition that the topic does not have', async () => {
    const { producer } = setup()
    await expect(producer.send('flights', { value: 'a', partition: 1 })).rejects.toMatchObject({
      code: 'UNKNOWN_PARTITION',
    })
  })

  it.each([120_000, 1_000])('gives up on a topic that nobody creates, and says so: %d ms', async (ms) => {
    const { clock, producer } = setup({ deliveryTimeoutMs: ms })
    const sent = producer.send('boats', { value: 'a' })
    const outcome = expect(sent).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
    await within(clock, 6_000, outcome)
  })
})

describe('what cannot pass by itself', () => {
  it('fails the record at once, and is sent once', async () => {
    const { broker, clock, producer } = setup()
    await producer.send('flights', { value: 'first' })
    let count = 0
    broker.refuse = () => {
      count++
      return ErrorCode.TOPIC_AUTHORIZATION_FAILED
    }
    const refused = within(clock, 1_000, producer.send('flights', { value: 'a' }))
    await expect(refused).rejects.toMatchObject({
      codeName: 'TOPIC_AUTHORIZATION_FAILED',
      message: expect.stringMatching(/^partition 0 of topic "flights" refused the batch: ./),
    })
    expect(count).toBe(1)
  })

  it('fails it too when no request of the kind can be sent to the broker', async () => {
    const { broker, clock, producer } = setup()
    const { 0: _produce, ...others } = broker.ranges
    broker.ranges = others
    const refused = within(clock, 1_000, producer.send('flights', { value: 'a' }))
    await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' })
  })
})

describe('retries', () => {
  it('write a batch once when the answer was lost', async () => {
    const { broker, clock, producer } = setup()
    let cuts = 0
    broker.refuse = () => (cuts++ === 0 ? 'cut after' : null)
    const sent = producer.send('flights', { value: 'a' })
    expect((await within(clock, 1_000, sent)).offset).toBe(-1)
    expect(broker.log(0)).toEqual(['a'])
  })

  it('keep the order of batches that were in flight together', async () => {
    const { broker, clock, producer } = setup(SMALL_BATCHES)
    let refusals = 0
    broker.refuse = ({ values }) =>
      values[0]?.startsWith('0 ') && refusals++ < 3 ? ErrorCode.NOT_LEADER_OR_FOLLOWER : null
    const values = longValues(9)
    const sent = producer.sendMany(
      'flights',
      values.map((value) => ({ value })),
    )
    expect(Array.from((await within(clock, 10_000, sent)).offsets)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(broker.log(0)).toEqual(values)
    expect(refusals).toBeGreaterThan(3)
  })

  it('keep order without idempotence too, by one batch in flight', async () => {
    const { broker, clock, producer } = setup({ ...SMALL_BATCHES, idempotent: false })
    let refusals = 0
    broker.refuse = ({ values }) =>
      values[0]?.startsWith('0 ') && refusals++ < 3 ? ErrorCode.NOT_LEADER_OR_FOLLOWER : null
    const values = longValues(6)
    const sent = producer.sendMany(
      'flights',
      values.map((value) => ({ value })),
    )
    await within(clock, 10_000, sent)
    expect(broker.log(0)).toEqual(values)
  })

  it('go on through a broker that is away for most of a minute', async () => {
    const { broker, clock, producer } = setup()
    await producer.send('flights', { value: 'a' })
    broker.isDown = true
    broker.cut()
    const sent = Promise.all(['b', 'c'].map((value) => producer.send('flights', { value })))
    await clock.advance(50_000)
    broker.isDown = false
    await within(clock, 5_000, sent)
    expect(broker.log(0)).toEqual(['a', 'b', 'c'])
  })

  it('end when the delivery time is over, telling how often the batch was sent', async () => {
    const { broker, clock, producer } = setup({ deliveryTimeoutMs: 1_000 })
    broker.refuse = () => ErrorCode.NOT_ENOUGH_REPLICAS
    const outcome = expect(producer.send('flights', { value: 'a' })).rejects.toMatchObject({
      code: 'DELIVERY_TIMED_OUT',
      message: expect.stringMatching(/within 1000 ms: sent \d+ times, so it may have been written; last: /),
    })
    await within(clock, 3_000, outcome)
  })

  it('end then too when nobody could be asked for the topic, telling why', async () => {
    const { broker, clock, producer } = setup({ deliveryTimeoutMs: 1_000 })
    broker.isDown = true
    const sentMs = clock.monotonicMs()
    const failures = await within(
      clock,
      3_000,
      Promise.all(
        ['a', 'b'].map((value) =>
          producer.send('flights', { value }).catch((error) => ({ error, ms: clock.monotonicMs() - sentMs })),
        ),
      ),
    )
    // The second one has waited behind the first, and does not begin to count when that one ends.
    for (const failure of failures) {
      expect(failure).toMatchObject({
        error: {
          code: 'DELIVERY_TIMED_OUT',
          message: expect.stringMatching(/"flights" could not be looked up .* nothing was sent; last: /),
          cause: { code: 'CONNECTION_FAILED' },
        },
        ms: 1_000,
      })
    }
  })

  it('count from the send, not from the end of the look-up of the topic', async () => {
    const { broker, clock, producer } = setup({ deliveryTimeoutMs: 1_000 })
    broker.refuse = () => ErrorCode.NOT_ENOUGH_REPLICAS
    broker.isDown = true
    const sentMs = clock.monotonicMs()
    const failed = producer.send('flights', { value: 'a' }).catch((error) => error.code)
    await clock.advance(700)
    broker.isDown = false
    expect(await within(clock, 3_000, failed)).toBe('DELIVERY_TIMED_OUT')
    expect(clock.monotonicMs() - sentMs).toBeLessThan(1_100)
  })

  it('that end leave the sequence behind them: what was given up may have been written', async () => {
    const { broker, clock, producer } = setup({ deliveryTimeoutMs: 5_000 })
    let attempts = 0
    broker.refuse = () => (attempts++ === 0 ? 'cut after' : 'cut before')
    const given = within(clock, 20_000, producer.send('flights', { value: 'a' }))
    await expect(given).rejects.toMatchObject({ code: 'DELIVERY_TIMED_OUT' })
    broker.refuse = () => null
    const { offset } = await within(clock, 5_000, producer.send('flights', { value: 'b' }))
    expect(offset).toBe(1)
    expect(broker.log(0)).toEqual(['a', 'b'])
  })

  it('end after ten seconds without the topic, and what is sent then begins anew', async () => {
    const { broker, clock, producer } = setup()
    await producer.send('flights', { value: 'a' })
    broker.topics.delete('flights')
    broker.refuse = () => (broker.topics.has('flights') ? null : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    const outcome = expect(producer.send('flights', { value: 'b' })).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC',
      message: expect.stringContaining('topic "flights" was deleted'),
    })
    await within(clock, 15_000, outcome)
    broker.topics.set('flights', 1)
    const sent = producer.send('flights', { value: 'c' })
    expect(await within(clock, 1_000, sent)).toMatchObject({ topic: 'flights' })
  })

  it('go on when the topic is gone for less', async () => {
    const { broker, clock, producer } = setup()
    await producer.send('flights', { value: 'a' })
    broker.topics.delete('flights')
    broker.refuse = () => (broker.topics.has('flights') ? null : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    const send = producer.send('flights', { value: 'b' })
    await clock.advance(8_000)
    broker.topics.set('flights', 1)
    await within(clock, 5_000, send)
    expect(broker.log(0)).toEqual(['a', 'b'])
  })

  it('end after 15 seconds of disk errors, with what the broker said', async () => {
    const { broker, clock, producer } = setup()
    broker.refuse = () => ErrorCode.KAFKA_STORAGE_ERROR
    const outcome = expect(producer.send('flights', { value: 'a' })).rejects.toMatchObject({
      code: ErrorCode.KAFKA_STORAGE_ERROR,
    })
    await within(clock, 17_000, outcome)
  })

  it('start over under another producer id behind a batch that was refused for good', async () => {
    const { broker, clock, producer } = setup(SMALL_BATCHES)
    broker.refuse = ({ values }) => (values[0]?.startsWith('2 ') ? ErrorCode.INVALID_RECORD : null)
    const values = longValues(8)
    const outcome = producer
      .sendMany(
        'flights',
        values.map((value) => ({ value })),
      )
      .catch((error: unknown) => error)
    const error = await within(clock, 10_000, outcome)
    expect(error).toBeInstanceOf(SendManyError)
    expect(error).toMatchObject({ code: 'DELIVERY_FAILED', retriable: false })
    expect(error instanceof SendManyError && [...error.errors.keys()]).toEqual([2, 3])
    expect(broker.log(0)).toEqual([...values.slice(0, 2), ...values.slice(4)])
    expect(broker.count('InitProducerId')).toBe(2)
  })
})

describe('a batch that is too large', () => {
  it('is split until the broker takes it, in order', async () => {
    const { broker, clock, producer } = setup()
    broker.refuse = ({ values }) => (values.length > 2 ? ErrorCode.MESSAGE_TOO_LARGE : null)
    const values = longValues(7)
    const sent = producer.sendMany(
      'flights',
      values.map((value) => ({ value })),
    )
    expect(Array.from((await within(clock, 10_000, sent)).offsets)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(broker.log(0)).toEqual(values)
  })

  it('fails when it is one record', async () => {
    const { broker, producer } = setup()
    broker.refuse = () => ErrorCode.MESSAGE_TOO_LARGE
    await expect(producer.send('flights', { value: 'a' })).rejects.toMatchObject({
      code: ErrorCode.MESSAGE_TOO_LARGE,
    })
  })
})

describe('the buffer', () => {
  it('makes sends wait when it is full, and lets them go on in order', async () => {
    const { broker, producer } = setup({ ...SMALL_BATCHES, bufferBytes: 2048 })
    const values = longValues(50)
    await producer.sendMany(
      'flights',
      values.map((value) => ({ value })),
    )
    expect(broker.log(0)).toEqual(values)
    expect(producer.bufferedBytes).toBe(0)
  })

  it('never holds much more than its limit', async () => {
    const { broker, producer } = setup({ ...SMALL_BATCHES, bufferBytes: 2048 })
    let most = 0
    broker.refuse = () => {
      most = Math.max(most, producer.bufferedBytes)
      return null
    }
    await Promise.all(longValues(50).map((value) => producer.send('flights', { value })))
    expect(most).toBeGreaterThan(1024)
    expect(most).toBeLessThan(2048 + 1024)
  })
})

describe('flush and close', () => {
  it('flush resolves when what was sent is acknowledged', async () => {
    const { broker, producer } = setup()
    void producer.send('flights', { value: 'a' })
    await producer.flush()
    expect(broker.log(0)).toEqual(['a'])
  })

  it('close fails what is left at its deadline, and whatever comes later', async () => {
    const { broker, clock, producer } = setup()
    broker.handlers.Produce = () => new Promise(() => {})
    const message =
      'the producer was closed without an acknowledgement from partition 0 of topic "flights": sent 1 times, so it may have been written'
    const outcome = expect(producer.send('flights', { value: 'a' })).rejects.toMatchObject({
      code: 'CLOSED',
      message,
    })
    await turns()
    const closing = producer.close({ timeoutMs: 100 })
    await clock.advance(200)
    await closing
    await outcome
    await expect(producer.send('flights', { value: 'b' })).rejects.toMatchObject({ code: 'CLOSED' })
    expect(producer.bufferedBytes).toBe(0)
  })
})

describe('options', () => {
  const wrong: [ProducerOptions, string][] = [
    [{ lingerMs: -1 }, 'lingerMs: got -1, expected a whole number from 0 to 86400000'],
    [{ acks: 1, idempotent: true }, 'idempotent: got true, expected false with acks 0 or 1'],
    [JSON.parse('{"compression":"lzma"}'), 'compression: got "lzma", expected one of "none", "gzip"'],
    [JSON.parse('{"lingerMS":5}'), 'producer has no option "lingerMS"'],
  ]
  for (const [options, message] of wrong) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => setup(options)).toThrow(message)
    })
  }
})

describe('acks=0', () => {
  it('resolves without an answer, without an offset', async () => {
    const { broker, producer } = setup({ acks: 0 })
    const produce = broker.handlers.Produce
    broker.handlers.Produce = async (request) => {
      await produce?.(request)
      return null
    }
    expect((await producer.send('flights', { value: 'a' })).offset).toBe(-1)
    await turns()
    expect(broker.log(0)).toEqual(['a'])
  })
})
