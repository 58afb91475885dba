/** What users of kafkajs asked for most, and did not get: docs/from-kafkajs.md lists them by the numbers below. */
import { readFileSync } from 'node:fs'
import { startBroker } from '@millrace/broker'
import { describe, expect, it } from 'vitest'
import { type Client, createClient, inProcessNetwork } from '../src/index.ts'
import { delay, nodeClock } from '../src/time/clock.ts'
import { FakeClock, within } from './fake-clock.ts'
import { FaultyNetwork } from './faulty-network.ts'
import { FAST, inProcessWorld } from './in-process-world.ts'

const PAGE = readFileSync(new URL('../../../docs/from-kafkajs.md', import.meta.url), 'utf8')

const world = inProcessWorld('wanted')

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const wanted: Readonly<Record<number, () => Promise<void>>> = {
  /** Timeouts that go negative: a warning on every connection. */
  1751: async () => {
    const delays: number[] = []
    const inner = nodeClock()
    const after: typeof inner.after = (delayMs, run, kind) => {
      delays.push(delayMs)
      return inner.after(delayMs, run, kind)
    }
    const network = new FaultyNetwork(inProcessNetwork(world.broker))
    network.fault = (connection) => (connection % 2 === 0 ? { cutAfterBytes: 900 } : {})
    const own = world.newClient({ clock: { ...inner, after }, network, requestTimeoutMs: 200 })
    const name = await world.newTopic(1, 20)
    for (let i = 0; i < 20; i++) await own.producer({ lingerMs: 0 }).send(name, { value: 'x' })
    const consumer = own.consume([name], { ...FAST, group: name })
    for (let i = 0; i < 40; i++) (await consumer.next())?.done()
    await own.close()
    expect(delays.length).toBeGreaterThan(20)
    expect(delays.filter((delayMs) => !(delayMs >= 0 && delayMs < 2 ** 31))).toEqual([])
  },

  /** A consumer that stops for good after a rebalance, above all with a slow handler. */
  1720: async () => {
    const name = await world.newTopic(4, 80)
    const seen = new Set<string>()
    const controllers = [new AbortController(), new AbortController()]
    const members = controllers.map(async ({ signal }, member) => {
      await pause(member * 60)
      await world.client
        .topic(name)
        .consume({ ...FAST, group: name, signal }, async ({ partition, offset }) => {
          await pause(3)
          seen.add(`${partition}/${offset}`)
          // One of them leaves in the middle, and the other one has everything again.
          if (member === 1 && seen.size > 50) controllers[1]?.abort()
          if (seen.size === 80) for (const one of controllers) one.abort()
        })
    })
    await Promise.all(members)
    expect(seen.size).toBe(80)
  },

  /** A consumer that gives up when the broker was away for longer than its retries last. */
  660: async () => {
    const name = await world.newTopic(1, 1)
    const network = new FaultyNetwork(inProcessNetwork(world.broker))
    const own = world.newClient({ network })
    const consumer = own.consume([name], { ...FAST, group: name, sessionTimeoutMs: 150 })
    ;(await consumer.next())?.done()
    const next = consumer.next()
    network.isDown = true
    await expect.poll(() => own.counters().connectionsFailed).toBeGreaterThan(20)
    network.isDown = false
    await world.client.producer().send(name, { value: 'after' })
    let record = (await next)?.record
    // What was done and not committed may come again: the session was over meanwhile.
    while (record?.offset === 0) record = (await consumer.next())?.record
    expect(String(record?.value)).toBe('after')
    await own.close()
  },

  /** A producer that does not connect again. */
  919: async () => {
    const name = await world.newTopic(1, 0)
    const network = new FaultyNetwork(inProcessNetwork(world.broker))
    const own = world.newClient({ network })
    const producer = own.producer()
    await producer.send(name, { value: 'before' })
    network.isDown = true
    const sending = Promise.all(['a', 'b', 'c'].map((value) => producer.send(name, { value })))
    await expect.poll(() => own.counters().connectionsFailed).toBeGreaterThan(20)
    network.isDown = false
    expect((await sending).map(({ offset }) => offset)).toEqual([1, 2, 3])
    await own.close()
  },

  /** Joining takes many seconds, and longer when the group was left a moment before. */
  701: async () => {
    const name = await world.newTopic(1, 5)
    const joinMs = async (): Promise<number> => {
      const startMs = performance.now()
      for await (const _record of world.client.consume([name], { group: name })) break
      return performance.now() - startMs
    }
    await joinMs()
    // Each behind a member that left a moment before; kafkajs takes three seconds and more, every time. Here it is
    // milliseconds, and among several there is one in which the machine does not stand still.
    let quickestMs = Number.POSITIVE_INFINITY
    for (let i = 0; i < 20 && quickestMs > 600; i++) quickestMs = Math.min(quickestMs, await joinMs())
    expect(quickestMs).toBeLessThan(600)
  },

  /** An idempotent producer whose concurrent sends are out of order. */
  598: async () => {
    const name = await world.newTopic(1, 0)
    const producer = world.client.producer()
    const sent = Array.from({ length: 500 }, (_, i) => producer.send(name, { value: String(i) }))
    expect((await Promise.all(sent)).map(({ offset }) => offset)).toEqual(sent.map((_, i) => i))
  },

  /** A handler that takes longer than the session loses its partitions. */
  1527: async () => {
    // Both ends have a clock that only this test moves: no session ends because the machine stands still.
    const clock = new FakeClock()
    const config = { 'group.min.session.timeout.ms': '100' }
    const broker = await startBroker({ host: '127.0.0.1', port: 0, config, clock })
    const { bootstrapServers } = broker
    const client = createClient({ bootstrapServers, network: inProcessNetwork(broker), clock })
    await within(clock, 10_000, client.topic('slow').sendMany([{ value: 'a' }, { value: 'b' }]))
    const controller = new AbortController()
    const offsets: number[] = []
    const options = { ...FAST, group: 'slow', sessionTimeoutMs: 150, signal: controller.signal }
    const handling = client.topic('slow').consume(options, async ({ offset }, { signal }) => {
      await delay(clock, 1_000)
      expect(signal.aborted).toBe(false)
      offsets.push(offset)
      if (offset === 1) controller.abort()
    })
    await within(clock, 60_000, handling)
    expect(offsets).toEqual([0, 1])
    const committed = await within(clock, 10_000, client.admin.fetchOffsets('slow'))
    expect(committed[0]?.offset).toBe(2)
    await within(clock, 10_000, client.close())
    await within(clock, 10_000, broker.close())
  },

  /** A stopped consumer goes on consuming. */
  1593: async () => {
    const name = await world.newTopic(1, 50)
    const controller = new AbortController()
    let [isStopped, handledAfterwards] = [false, 0]
    await world.client
      .topic(name)
      .consume({ ...FAST, group: name, signal: controller.signal }, ({ offset }) => {
        if (isStopped) handledAfterwards++
        if (offset === 5) controller.abort()
      })
    isStopped = true
    await pause(100)
    expect(handledAfterwards).toBe(0)
  },

  /** What was done is not committed before a rebalance, so that the next owner does it again. */
  28: async () => {
    const name = await world.newTopic(2, 40)
    const times = new Map<string, number>()
    const take = async (consumer: ReturnType<Client['consume']>): Promise<void> => {
      const claimed = await consumer.next()
      if (claimed === null) return
      const place = `${claimed.record.partition}/${claimed.record.offset}`
      times.set(place, (times.get(place) ?? 0) + 1)
      claimed.done()
    }
    // No commit by interval: only what the rebalance itself sees to.
    const options = { ...FAST, group: name, commitIntervalMs: 60_000 }
    const [first, second] = [world.client.consume([name], options), world.client.consume([name], options)]
    for (let i = 0; i < 30; i++) await take(first)
    // Resolves when the second one has got a partition of the first.
    await take(second)
    const rest = [first, second].map(async (member) => {
      while (times.size < 40) await Promise.race([take(member), pause(300)])
    })
    await Promise.all(rest)
    await Promise.all([first.close(), second.close()])
    expect([...times.values()].filter((count) => count > 1)).toEqual([])
  },

  /** Snappy, LZ4 and zstd need plug-ins, and what a Java program wrote cannot be read. */
  1475: async () => {
    const name = await world.newTopic(1, 0)
    for (const compression of ['snappy', 'lz4', 'zstd', 'gzip'] as const) {
      await world.client
        .producer({ compression })
        .sendMany(name, [{ value: compression }, { value: 'x'.repeat(500) }])
    }
    const values: string[] = []
    for await (const { value } of world.client.read(name)) values.push(String(value).slice(0, 6))
    expect(values.filter((value) => value !== 'xxxxxx')).toEqual(['snappy', 'lz4', 'zstd', 'gzip'])
  },
}

describe('what users of kafkajs wanted', () => {
  for (const [issue, check] of Object.entries(wanted)) it(`kafkajs issue ${issue}`, check)

  it('is what the page for them lists', () => {
    const listed = [...PAGE.matchAll(/^\| \[#(\d+)\]/gm)].map(([, number]) => number)
    expect(listed.sort()).toEqual(Object.keys(wanted).sort())
  })
})
