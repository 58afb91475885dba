import { expect, it } from 'vitest'
import { resolveGatewayOptions } from '../gateway-options.ts'
import { TestGateway } from '../testing/test-gateway.ts'
import { TestSocket } from '../testing/test-socket.ts'
import type { Timer } from '../time/clock.ts'
import { TopicFeed } from './topic-feed.ts'

const COUNT = 60_000
const VALUE_BYTES = 200

const bytesOut = async (test: TestGateway): Promise<number> => {
  const metrics = await (await test.fetch('/metrics')).text()
  return Number(/^kafka_server_brokertopicmetrics_bytesout_total (.*)$/m.exec(metrics)?.[1])
}

it('a topic is read no faster than its fastest listener takes it, and who comes later waits for none of them', async () => {
  await using test = await TestGateway.start()
  await test.client.admin.createTopics([{ name: 'a' }])
  await using slow = await TestSocket.open(test.gateway.port)
  await slow.ask({ type: 'subscribe', topics: ['a'], credit: 5 })
  const records = Array.from({ length: COUNT }, (_, n) => ({ value: String(n).padStart(VALUE_BYTES, '0') }))
  const producer = test.client.producer({ compression: 'none' })
  // The slow one has taken all that there is, to the last record, when the many come.
  await producer.sendMany('a', records.slice(0, 5))
  expect(await slow.values(5)).toHaveLength(5)
  await producer.sendMany('a', records.slice(5))

  await using late = await TestSocket.open(test.gateway.port)
  await late.ask({ type: 'subscribe', topics: ['a'], credit: 1_000_000 })
  await producer.sendMany('a', [{ value: 'the last' }])
  expect(await late.values(1)).toEqual(['the last'])
  // What neither of them was sent has not been read.
  expect(await bytesOut(test)).toBeLessThan((COUNT * VALUE_BYTES) / 2)

  slow.say({ type: 'credit', records: 1_000_000 })
  const rest = (await slow.values(COUNT - 4)) as string[]
  expect(rest.at(-1)).toBe('the last')
  expect(rest.slice(0, -1).map(Number)).toEqual(Array.from({ length: COUNT - 5 }, (_, n) => n + 5))

  await producer.sendMany('a', [{ value: 'for both' }])
  expect([await slow.values(1), await late.values(1)]).toEqual([['for both'], ['for both']])
})

it('who had taken all of a feed finds a hole after it jumped, and not the records behind the jump', async () => {
  await using test = await TestGateway.start()
  await test.client.admin.createTopics([{ name: 'a' }])
  const feed = new TopicFeed(test.client, 'a', new Map([[0, 0]]), resolveGatewayOptions({}))
  const atHead = feed.join(new Map([[0, 0]]))
  expect(atHead).toEqual({ sequence: feed.nextSequence, index: 0 })
  expect(feed.join(new Map([[0, 50_000]]))).toEqual({ sequence: feed.nextSequence, index: 0 })
  expect(feed.nextSequence).toBeGreaterThan(atHead?.sequence ?? 0)
  expect(feed.entry(atHead?.sequence ?? 0)).toBeUndefined()
  expect(feed.join(new Map([[0, 49_999]]))).toBeNull()
  feed.close()
})

it('gives up what it had gathered when it jumps, or it would come twice', async () => {
  await using test = await TestGateway.start()
  await test.client.admin.createTopics([{ name: 'a', partitions: 2 }])
  const timers: (() => void)[] = []
  let armed = Promise.withResolvers<void>()
  const after = (_delayMs: number, run: () => void): Timer => {
    timers.push(run)
    armed.resolve()
    return { cancel: () => {} }
  }
  const limits = { maxRecordsPerFrame: 100_000, maxFrameBytes: 1024 * 1024 }
  const settings = { ...resolveGatewayOptions({ limits }), clock: { nowMs: () => 0, after } }
  const ends = new Map([
    [0, 0],
    [1, 0],
  ])
  const feed = new TopicFeed(test.client, 'a', ends, settings)
  feed.want()
  const producer = test.client.producer()
  await producer.send('a', { value: 'x', partition: 0 })
  await armed.promise
  const many = 10_001
  await producer.sendMany('a', Array(many).fill({ value: 'y', partition: 1 }))
  armed = Promise.withResolvers<void>()
  expect(feed.join(new Map(ends).set(1, many))).not.toBeNull()
  await armed.promise
  timers.at(-1)?.()
  expect(feed.entry(feed.nextSequence - 1)?.records.map(({ value }) => value?.toString())).toEqual(['x'])
  feed.close()
})

it.each([
  [0, 10],
  [3, 10],
  [7, 21],
  [50, 30],
])('when its listeners took %i ms for a frame it gathers for %i ms', async (handOutMs, gatheredMs) => {
  await using test = await TestGateway.start()
  await test.client.admin.createTopics([{ name: 'a' }])
  let nowMs = 0
  const gathers: number[] = []
  const after = (delayMs: number, run: () => void): Timer => {
    gathers.push(delayMs)
    setImmediate(run)
    return { cancel: () => {} }
  }
  const settings = { ...resolveGatewayOptions({}), clock: { nowMs: () => nowMs, after } }
  const feed = new TopicFeed(test.client, 'a', new Map([[0, 0]]), settings)
  let heard = Promise.withResolvers<void>()
  const onEntry = (): void => {
    nowMs += handOutMs
    heard.resolve()
  }
  feed.add({ onEntry, onFeedFailed: () => {} })
  for (let frame = 0; frame < 2; frame++) {
    heard = Promise.withResolvers<void>()
    feed.want()
    await test.client.producer().send('a', { value: 'x' })
    await heard.promise
    // The next record comes the moment at which the frame before began to go out.
    nowMs -= handOutMs
  }
  expect(gathers).toEqual([10, gatheredMs])
  feed.close()
})

it.each([
  [4, 6],
  [100, 0],
  [-5_000, 10],
])('what comes %i ms after the last frame waits for %i ms', async (pauseMs, gatheredMs) => {
  await using test = await TestGateway.start()
  await test.client.admin.createTopics([{ name: 'a' }])
  const settings = resolveGatewayOptions({})
  const waits = Promise.withResolvers<number>()
  let nowMs = 10_000
  const after = (delayMs: number): Timer => {
    waits.resolve(delayMs)
    return { cancel: () => {} }
  }
  const clock = { nowMs: () => nowMs, after }
  const feed = new TopicFeed(test.client, 'a', new Map([[0, 0]]), { ...settings, clock })
  feed.want()
  nowMs += pauseMs
  await test.client.producer().send('a', { value: 'x' })
  expect(await waits.promise).toBe(gatheredMs)
  feed.close()
})
