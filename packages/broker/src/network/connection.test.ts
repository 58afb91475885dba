import { beforeEach, describe, expect, it } from 'vitest'
import { parseBrokerConfig } from '../config/broker-config.ts'
import { Applied, CloseConnectionError } from '../handlers/handler.ts'
import { type Limits, limitsFrom } from '../limits.ts'
import { MetricRegistry } from '../metrics/metric-registry.ts'
import { RequestMetrics } from '../metrics/request-metrics.ts'
import { FakeStream, frames } from '../testing/fake-stream.ts'
import { Connection, type ConnectionOwner, type Routed } from './connection.ts'
import type { Exchange, ReplyBytes } from './exchange-queue.ts'
import { ReceiveBudget } from './receive-budget.ts'
import { ReplyBudget } from './reply-budget.ts'

/** Requests are single words; how each is answered is the test's. */
class FakeOwner implements ConnectionOwner {
  readonly limits: Limits
  readonly replyBudget: ReplyBudget
  readonly receiveBudget: ReceiveBudget
  readonly registry = new MetricRegistry()
  readonly requestMetrics = new RequestMetrics(this.registry)
  timeMs = 0
  readonly started: string[] = []
  readonly sent: string[] = []
  readonly failures: unknown[] = []
  closedCount = 0
  answer: (word: string) => Routed = (word) => [Buffer.from(word)]

  constructor(changes: Partial<Limits> = {}) {
    this.limits = { ...limitsFrom(parseBrokerConfig({})), ...changes }
    this.replyBudget = new ReplyBudget(this.limits, (run) => run())
    this.receiveBudget = new ReceiveBudget(this.limits)
  }

  route(frame: Buffer, _connection: Connection, exchange: Exchange): Routed {
    this.started.push(frame.toString())
    exchange.onSent = () => this.sent.push(frame.toString())
    return this.answer(frame.toString())
  }

  nowMs(): number {
    return this.timeMs
  }

  after(): void {}

  reportFailure(_connection: Connection, error: unknown): void {
    this.failures.push(error)
  }

  onClosed(): void {
    this.closedCount++
  }
}

const LISTENER = { name: 'PLAINTEXT', host: 'localhost', port: 9092, nodeId: 1 }

/** Promises that settle in a known order. */
const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('Connection', () => {
  let stream: FakeStream
  let owner: FakeOwner
  let connection: Connection

  const open = (changes: Partial<Limits> = {}): void => {
    stream = new FakeStream()
    owner = new FakeOwner(changes)
    connection = new Connection(1, LISTENER, stream, owner)
    connection.open()
  }
  beforeEach(() => open())

  it('answers requests of one chunk in one write, in order', () => {
    connection.onData(frames('a', 'b', 'c'))
    expect(stream.written).toEqual(['abc'])
  })

  it('puts together a frame that comes byte by byte', () => {
    for (const byte of frames('hello')) connection.onData(Buffer.from([byte]))
    expect(stream.written).toEqual(['hello'])
  })

  it('starts nothing behind a request that is neither answered nor applied', async () => {
    const parked = Promise.withResolvers<ReplyBytes>()
    owner.answer = (word) => (word === 'parked' ? parked.promise : [Buffer.from(word)])
    connection.onData(frames('a', 'parked', 'b'))
    expect(owner.started).toEqual(['a', 'parked'])
    parked.resolve([Buffer.from('P')])
    await microtasks()
    expect(owner.started).toEqual(['a', 'parked', 'b'])
    expect(stream.written).toEqual(['a', 'Pb'])
  })

  it('starts the next request when one is applied, and still answers in order', async () => {
    const first = Promise.withResolvers<ReplyBytes>()
    const second = Promise.withResolvers<ReplyBytes>()
    owner.answer = (word) => new Applied(word === '1' ? first.promise : second.promise)
    connection.onData(frames('1', '2'))
    expect(owner.started).toEqual(['1', '2'])
    second.resolve([Buffer.from('two')])
    await microtasks()
    expect(stream.written).toEqual([])
    first.resolve([Buffer.from('one')])
    await microtasks()
    expect(stream.written).toEqual(['onetwo'])
  })

  it('tells how long earlier requests held a request back, from when its frame was whole', async () => {
    const parked = Promise.withResolvers<ReplyBytes>()
    owner.answer = (word) => (word === 'parked' ? parked.promise : [Buffer.from(word)])
    owner.timeMs = 1
    const bytes = frames('parked', 'after')
    connection.onData(bytes.subarray(0, -2))
    owner.timeMs = 4
    connection.onData(bytes.subarray(-2))
    owner.timeMs = 9
    parked.resolve([Buffer.from('P')])
    await microtasks()
    const waits = owner.registry.snapshot().filter(({ name }) => name === 'RequestQueueTimeMs')
    expect(waits.map(({ value }) => value)).toMatchObject([{ max: 0 }, { max: 5, sum: 5 }])
  })

  it('counts answers that wait for earlier ones in the budget of all', async () => {
    const first = Promise.withResolvers<ReplyBytes>()
    owner.answer = (word) => (word === '1' ? new Applied(first.promise) : [Buffer.from('answer')])
    connection.onData(frames('1', '2', '3'))
    expect(owner.replyBudget.heldBytes).toBe(2 * 'answer'.length)
    first.resolve([Buffer.from('first')])
    await microtasks()
    expect(stream.written).toEqual(['firstansweranswer'])
    expect(owner.replyBudget.heldBytes).toBe(0)
  })

  it('waits for a request that will be applied later before it starts the next', async () => {
    const applying = Promise.withResolvers<Applied<ReplyBytes>>()
    owner.answer = (word) => (word === '1' ? applying.promise : [Buffer.from(word)])
    connection.onData(frames('1', '2'))
    expect(owner.started).toEqual(['1'])
    const reply = Promise.withResolvers<ReplyBytes>()
    applying.resolve(new Applied(reply.promise))
    await microtasks()
    expect(owner.started).toEqual(['1', '2'])
    expect(stream.written).toEqual([])
    reply.resolve(null)
    await microtasks()
    expect(stream.written).toEqual(['2'])
  })

  it('bounds the requests in flight, and slows the peer down', async () => {
    open({ maxRequestsInFlight: 2, readAheadBytes: 10 })
    const replies: PromiseWithResolvers<ReplyBytes>[] = []
    owner.answer = () => {
      const reply = Promise.withResolvers<ReplyBytes>()
      replies.push(reply)
      return new Applied(reply.promise)
    }
    connection.onData(frames('one', 'two', 'three', 'four', 'five'))
    expect(owner.started).toEqual(['one', 'two'])
    expect(stream.isPaused).toBe(true)
    replies[0]?.resolve([Buffer.from('1')])
    await microtasks()
    expect(owner.started).toEqual(['one', 'two', 'three'])
    for (const reply of replies) reply.resolve([Buffer.from('.')])
    await microtasks()
    for (const reply of replies) reply.resolve([Buffer.from('.')])
    await microtasks()
    expect(owner.started).toHaveLength(5)
    expect(stream.isPaused).toBe(false)
  })

  it('bounds the bytes in flight, but lets one request in whatever its size', async () => {
    open({ maxBytesInFlight: 4, readAheadBytes: 4 })
    const reply = Promise.withResolvers<ReplyBytes>()
    owner.answer = () => new Applied(reply.promise)
    connection.onData(frames('larger than all', 'next'))
    expect(owner.started).toEqual(['larger than all'])
    reply.resolve([Buffer.from('.')])
    await microtasks()
    expect(owner.started).toHaveLength(2)
  })

  it('starts nothing while its peer does not take what it is sent, and tells the budget', () => {
    open({ maxUnsentBytes: 100 })
    connection.onData(frames('a'))
    stream.unsentBytes = 101
    connection.onData(frames('b'))
    expect(owner.started).toEqual(['a'])
    expect(owner.replyBudget.heldBytes).toBe(0)
    stream.unsentBytes = 0
    connection.onDrained()
    expect(owner.started).toEqual(['a', 'b'])
    stream.unsentBytes = 50
    connection.onData(frames('c'))
    expect(owner.replyBudget.heldBytes).toBe(50)
    connection.close()
    expect(owner.replyBudget.heldBytes).toBe(0)
  })

  const badLengths: [string, number][] = [
    ['negative', -1],
    ['zero', 0],
    ['2 GiB', 2 ** 31 - 1],
    ['above the limit', 100 * 1024 * 1024 + 1],
  ]
  it.each(badLengths)('closes on a frame of %s length', (_name, length) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(length)
    connection.onData(bytes)
    expect(stream.isDestroyed).toBe(true)
    expect(owner.failures).toHaveLength(1)
    expect(owner.closedCount).toBe(1)
  })

  it('closes when a request fails, at once or later, and drops what comes behind', async () => {
    owner.answer = (word) => {
      if (word === 'bad') throw new CloseConnectionError('bad')
      return [Buffer.from(word)]
    }
    connection.onData(frames('a', 'bad', 'b'))
    expect(owner.started).toEqual(['a', 'bad'])
    expect(stream.isDestroyed).toBe(true)
    open()
    owner.answer = () => Promise.reject(new CloseConnectionError('later'))
    connection.onData(frames('x', 'y'))
    await microtasks()
    expect(owner.started).toEqual(['x'])
    expect(owner.closedCount).toBe(1)
  })

  it('ignores what is answered after it was closed', async () => {
    const reply = Promise.withResolvers<ReplyBytes>()
    owner.answer = () => reply.promise
    connection.onData(frames('a'))
    connection.onClosed()
    reply.resolve([Buffer.from('late')])
    await microtasks()
    expect(stream.written).toEqual([])
    expect(owner.closedCount).toBe(1)
  })

  it('ends after the answers on their way when it is drained, and starts nothing more', async () => {
    const reply = Promise.withResolvers<ReplyBytes>()
    owner.answer = () => reply.promise
    connection.onData(frames('a', 'b'))
    connection.drain()
    expect(stream.isEnded).toBe(false)
    reply.resolve([Buffer.from('A')])
    await microtasks()
    expect(stream.written).toEqual(['A'])
    expect(stream.isEnded).toBe(true)
    expect(owner.started).toEqual(['a'])
  })

  it('reads on when it is drained, to notice that its peer has gone', () => {
    open({ maxRequestsInFlight: 1, readAheadBytes: 1 })
    owner.answer = () => Promise.withResolvers<ReplyBytes>().promise
    connection.onData(frames('a', 'b'))
    expect(stream.isPaused).toBe(true)
    connection.drain()
    expect(stream.isPaused).toBe(false)
  })

  it('when too much was received in all, has one request in flight', async () => {
    open({ maxReceivedBytesInAll: 100 })
    const replies: PromiseWithResolvers<ReplyBytes>[] = []
    owner.answer = () => {
      const reply = Promise.withResolvers<ReplyBytes>()
      replies.push(reply)
      return new Applied(reply.promise)
    }
    owner.receiveBudget.change(100)
    connection.onData(frames('a', 'b', 'c'))
    expect(owner.started).toEqual(['a'])
    owner.receiveBudget.change(-100)
    replies[0]?.resolve([Buffer.from('A')])
    await microtasks()
    expect(owner.started).toEqual(['a', 'b', 'c'])
  })

  it('when too much was received in all, lets one large frame in at a time, in the order of their beginnings', () => {
    open({ readAheadBytes: 10, maxReceivedBytesInAll: 100 })
    const large = frames('x'.repeat(90))
    const streams = [0, 1, 2].map(() => new FakeStream())
    const connections = streams.map((each, index) => new Connection(index, LISTENER, each, owner))
    for (const [index, each] of connections.entries()) {
      streams[index]?.start(each)
      each.onData(large.subarray(0, 60))
    }
    expect(streams.map(({ isPaused }) => isPaused)).toEqual([false, true, true])
    connections[0]?.onData(large.subarray(60))
    // The first frame is whole and answered: the others have room.
    expect(streams.map(({ isPaused }) => isPaused)).toEqual([false, false, true])
    connections[1]?.close()
    expect(streams[2]?.isPaused).toBe(false)
    connections[2]?.onData(large.subarray(60))
    expect(streams[2]?.written).toEqual(['x'.repeat(90)])
    expect(owner.receiveBudget.usedBytes).toBe(0)
  })

  it('tells that an answer has left when the stream says so, and never when it fails before', async () => {
    stream.holdsSent = true
    const parked = Promise.withResolvers<ReplyBytes>()
    owner.answer = (word) => (word === 'parked' ? parked.promise : [Buffer.from(word)])
    connection.onData(frames('a', 'b', 'parked'))
    expect(stream.written).toEqual(['ab'])
    expect(owner.sent).toEqual([])
    stream.heldSent[0]?.()
    expect(owner.sent).toEqual(['a', 'b'])
    connection.close()
    parked.resolve([Buffer.from('late')])
    await microtasks()
    expect(owner.sent).toEqual(['a', 'b'])
  })

  it('does not keep requests that were answered', () => {
    for (let index = 0; index < 5000; index++) connection.onData(frames('x'))
    expect(connection.requestsInFlight).toBe(0)
    expect(connection.bytesInFlight).toBe(0)
  })
})
