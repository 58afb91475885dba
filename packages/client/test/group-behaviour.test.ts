import { describe, expect, it } from 'vitest'
import { type Clock, inProcessNetwork, json, type Stall } from '../src/index.ts'
import { nodeClock } from '../src/time/clock.ts'
import { FaultyNetwork } from './faulty-network.ts'
import { FAST, inProcessWorld } from './in-process-world.ts'

const world = inProcessWorld('behaviour')

/** Resolves when it is aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

async function committed(group: string): Promise<number> {
  return (await world.client.admin.fetchOffsets(group))[0]?.offset ?? -1
}

describe('seeking while running', () => {
  it('goes to the first record that is not older than a time, and to the end when all are', async () => {
    const name = await world.newTopic(1, 10)
    const consumer = world.client.consume([name], { ...FAST, group: name })
    await consumer.next()
    await consumer.seekToTime({ topic: name, partition: 0, time: 6_500 })
    expect((await consumer.next())?.record.offset).toBe(7)
    await consumer.seekToTime({ topic: name, partition: 0, time: new Date(99_000) })
    const next = consumer.next()
    await world.client.producer().send(name, { value: 'late' })
    expect((await next)?.record.offset).toBe(10)
    await expect(consumer.seekToTime({ topic: name, partition: 1, time: 0 })).rejects.toMatchObject({
      code: 'UNKNOWN_PARTITION',
    })
    expect(() => consumer.seek({ topic: name, partition: 0, offset: -1 })).toThrow('offset: got -1')
  })
})

describe('an offset that the log does not have any more', () => {
  async function nextOf(outOfRange: 'beginning' | 'end' | 'fail' | undefined): Promise<number | undefined> {
    const name = await world.newTopic(1, 10)
    await world.client.admin.alterOffsets(name, [{ topic: name, partition: 0, offset: 2 }])
    await world.client.admin.deleteRecords([{ topic: name, partition: 0, before: 5 }])
    const how = outOfRange === undefined ? {} : { outOfRange }
    const next = world.client.consume([name], { ...FAST, group: name, ...how }).next()
    if (outOfRange === 'end') {
      const again = setInterval(() => void world.client.producer().send(name, { value: 'late' }), 20)
      void next.finally(() => clearInterval(again))
    }
    return (await next)?.record.offset
  }
  it('goes on at the beginning, as `from` does', async () => expect(await nextOf(undefined)).toBe(5))
  it('goes on at the beginning', async () => expect(await nextOf('beginning')).toBe(5))
  it('goes on at the end', async () => expect(await nextOf('end')).toBeGreaterThanOrEqual(10))
  it('fails where it shall', async () => {
    await expect(nextOf('fail')).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  })
})

describe('what is committed', () => {
  it('is nothing by itself when it is done by hand, not at the end either', async () => {
    const name = await world.newTopic(1, 5)
    const consumer = world.client.consume([name], {
      ...FAST,
      group: name,
      commit: 'manual',
      commitIntervalMs: 1,
    })
    for (let i = 0; i < 3; i++) (await consumer.next())?.done()
    await consumer.commit()
    ;(await consumer.next())?.done()
    await consumer.close()
    expect(await committed(name)).toBe(3)
  })

  it('is each record as soon as it is done', async () => {
    const name = await world.newTopic(1, 5)
    const consumer = world.client.consume(name, { ...FAST, group: name, commit: 'each' })
    for (let i = 0; i < 3; i++) {
      ;(await consumer.next())?.done()
      await expect.poll(() => committed(name)).toBe(i + 1)
    }
  })

  it('follows in intervals, never beyond a record that is not done', async () => {
    const name = await world.newTopic(1, 5)
    const consumer = world.client.consume([name], { ...FAST, group: name, commitIntervalMs: 10 })
    const claimed = [await consumer.next(), await consumer.next(), await consumer.next()]
    claimed[0]?.done()
    claimed[2]?.done()
    await expect.poll(() => committed(name)).toBe(1)
    claimed[1]?.done()
    await expect.poll(() => committed(name)).toBe(3)
  })

  it('has what a handler still had in its hands when it was told to stop', async () => {
    const name = await world.newTopic(1, 5)
    const controller = new AbortController()
    let finished = 0
    const options = {
      ...FAST,
      group: name,
      concurrency: 3,
      orderedBy: 'key',
      signal: controller.signal,
    } as const
    await world.client.topic(name).consume(options, async ({ offset }) => {
      if (offset === 2) controller.abort()
      await new Promise((resolve) => setTimeout(resolve, 50))
      finished++
    })
    expect(finished).toBe(3)
    expect(await committed(name)).toBe(3)
  })
})

describe('a topic that a pattern matches only later', () => {
  /** Time that passes a hundred times as quickly, for who looks around every half minute. */
  const quickly: Clock = {
    ...nodeClock(),
    monotonicMs: () => performance.now() * 100,
    after: (delayMs, run, kind) => nodeClock().after(delayMs / 100, run, kind),
  }

  it.each(['classic', 'consumer'] as const)('is read by a member of the %s protocol', async (protocol) => {
    const client = world.newClient({ clock: quickly, requestTimeoutMs: 6_000_000, apiTimeoutMs: 6_000_000 })
    const prefix = `pattern-${protocol}`
    await world.client.producer().send(`${prefix}-1`, { value: 'a' })
    const consumer = client.consume(new RegExp(`^${prefix}-`), { group: prefix, protocol })
    const nextTopic = async (): Promise<string | undefined> => {
      const claimed = await consumer.next()
      claimed?.done()
      return claimed?.record.topic
    }
    expect(await nextTopic()).toBe(`${prefix}-1`)
    await world.client.producer().send(`${prefix}-2`, { value: 'b' })
    // Where half a second is a session, a machine that stands still ends it, and the first record comes again.
    let topic = await nextTopic()
    while (topic === `${prefix}-1`) topic = await nextTopic()
    expect(topic).toBe(`${prefix}-2`)
    await client.close()
  })
})

it('a tombstone comes as null, whatever the codec would make of nothing', async () => {
  const name = await world.newTopic(1, 0)
  const numbers = world.client.topic(name, { key: json<string>(), value: json<number>() })
  await numbers.sendMany([
    { key: 'a', value: 5 },
    { key: 'a', value: null, headers: [{ key: 'none', value: null }] },
    { value: 6 },
  ])
  const seen: unknown[] = []
  for await (const { key, value, headers } of numbers.consume({ ...FAST, group: name })) {
    seen.push([key, value, headers])
    if (seen.length === 3) break
  }
  expect(seen).toEqual([
    ['a', 5, []],
    ['a', null, [{ key: 'none', value: null }]],
    [null, 6, []],
  ])
})

describe('what is in hand when the signal comes', () => {
  it('is finished and committed where the loop asks for the next record', async () => {
    const name = await world.newTopic(1, 5)
    const stop = new AbortController()
    const seen: number[] = []
    const consuming = world.client.topic(name).consume({ ...FAST, group: name, signal: stop.signal })
    for await (const { offset } of consuming) {
      seen.push(offset)
      if (offset !== 2) continue
      stop.abort()
      // Long enough for a consumer that does not wait to be gone.
      await world.client.admin.listTopics()
    }
    expect(seen).toEqual([0, 1, 2])
    expect(await committed(name)).toBe(3)
  })

  it('is not committed where the loop is left, and nobody waits for it', async () => {
    const name = await world.newTopic(1, 5)
    const stop = new AbortController()
    for await (const { offset } of world.client
      .topic(name)
      .consume({ ...FAST, group: name, signal: stop.signal })) {
      if (offset !== 2) continue
      stop.abort()
      break
    }
    expect(await committed(name)).toBe(2)
  })

  it('may be said to be done twice', async () => {
    const name = await world.newTopic(1, 2)
    const consumer = world.client.consume(name, { ...FAST, group: name })
    const claimed = await consumer.next()
    claimed?.done()
    claimed?.done()
    await consumer.close()
    claimed?.done()
    expect(await committed(name)).toBe(1)
  })
})

describe('a seek', () => {
  it('back to the very first record is committed as any other', async () => {
    const name = await world.newTopic(1, 3)
    const consumer = world.client.consume(name, { ...FAST, group: name })
    for (let i = 0; i < 3; i++) (await consumer.next())?.done()
    await consumer.commit()
    consumer.seek({ topic: name, partition: 0, offset: 0 })
    await consumer.close()
    expect(await committed(name)).toBe(0)
  })

  it('in a partition that is paused is no reason to go on', async () => {
    const name = await world.newTopic(2, 10)
    const consumer = world.client.consume(name, { ...FAST, group: name })
    for (let i = 0; i < 10; i++) (await consumer.next())?.done()
    consumer.pause([{ topic: name, partition: 0 }])
    consumer.seek({ topic: name, partition: 0, offset: 0 })
    await world.client.producer().send(name, { value: 'last', partition: 1 })
    expect((await consumer.next())?.record).toMatchObject({ partition: 1, offset: 5 })
    consumer.resume()
    expect((await consumer.next())?.record).toMatchObject({ partition: 0, offset: 0 })
  })

  it('needs a place, and a consumer that is open', async () => {
    const name = await world.newTopic(1, 1)
    const consumer = world.client.consume(name, { ...FAST, group: name })
    await consumer.next()
    const seek = (place: object) => () => consumer.seek(place as never)
    expect(seek({ topic: name, partition: 0 })).toThrow('offset: got undefined, expected a whole number')
    expect(seek({ topic: name, partition: '0', offset: 0 })).toThrow('partition: got "0", expected')
    expect(seek({ partition: 0, offset: 0 })).toThrow('topic: got undefined, expected a string that is')
    expect(() => consumer.pause({ topic: name } as never)).toThrow('partitions: got {"topic"')
    expect(() => consumer.pause([{ topic: name } as never])).toThrow('partition: got undefined, expected')
    await consumer.close()
    expect(seek({ topic: name, partition: 0, offset: 0 })).toThrow('the consumer is closed')
  })
})

describe('closing while the broker is away', () => {
  it('ends at its deadline, and tells of each record what became of it', async () => {
    const name = await world.newTopic(1, 2)
    const network = new FaultyNetwork(inProcessNetwork(world.broker))
    const cutOff = world.newClient({ network })
    const consumer = cutOff.consume(name, { ...FAST, group: name })
    ;(await consumer.next())?.done()
    await cutOff.topic(name).send({ value: 'written' })
    network.isDown = true
    const sent = expect(cutOff.topic(name).send({ value: 'unsent' })).rejects.toMatchObject({
      code: 'CLOSED',
      message: expect.stringContaining(`without an acknowledgement from partition 0 of topic "${name}": `),
    })
    const startMs = performance.now()
    await cutOff.close({ timeoutMs: 100 })
    // Without the deadline it is a minute for the commit and two for the record.
    expect(performance.now() - startMs).toBeLessThan(45_000)
    await sent
    await consumer.closed
  })

  it('of one consumer ends at its deadline too', async () => {
    const name = await world.newTopic(1, 2)
    const network = new FaultyNetwork(inProcessNetwork(world.broker))
    const cutOff = world.newClient({ network })
    const consumer = cutOff.consume(name, { ...FAST, group: name })
    ;(await consumer.next())?.done()
    network.isDown = true
    const startMs = performance.now()
    await consumer.close({ timeoutMs: 50 })
    expect(performance.now() - startMs).toBeLessThan(45_000)
    await cutOff.close({ timeoutMs: 0 })
  })
})

describe('the rebalance timeout', () => {
  const NEVER = new Promise<void>(() => {})

  it('ends the wait for a hook that does not come back, after half of it', async () => {
    const name = await world.newTopic(2, 20)
    const options = { ...FAST, group: name, rebalanceTimeoutMs: 400 }
    const slow = world.client.consume([name], { ...options, onRevoked: () => NEVER })
    await slow.next()
    const startMs = performance.now()
    const next = world.client.consume([name], options)
    await next.next()
    expect(performance.now() - startMs).toBeGreaterThan(190)
    // Where the machine stands still for the whole of it, the group goes on without the slow one, which joins again.
    await expect.poll(() => slow.assignment.length).toBe(1)
  })

  it('ends the wait for a handler that does not come back: the group is left, and others go on', async () => {
    const name = await world.newTopic(1, 1)
    const stop = new AbortController()
    const started = Promise.withResolvers<void>()
    const back = Promise.withResolvers<void>()
    const options = { ...FAST, group: name, rebalanceTimeoutMs: 200, signal: stop.signal }
    const handling = world.client.topic(name).consume(options, () => {
      started.resolve()
      stop.abort()
      return back.promise
    })
    await started.promise
    const other = world.client.consume([name], { ...FAST, group: name })
    expect((await other.next())?.record.offset).toBe(0)
    // A consumer that has ended has no handler that still runs.
    back.resolve()
    await handling
  })
})

describe('a session that ends while a handler works', () => {
  it('is told to the handler, and the records go to another member', async () => {
    const name = await world.newTopic(1, 1)
    const network = new FaultyNetwork(inProcessNetwork(world.broker))
    const cutOff = world.newClient({ network })
    const started = Promise.withResolvers<void>()
    const lost = Promise.withResolvers<void>()
    const options = { ...FAST, group: name, sessionTimeoutMs: 150 }
    const handling = cutOff.topic(name).consume(options, async (_record, { signal }) => {
      started.resolve()
      await aborted(signal)
      lost.resolve()
      // As whatever the signal was handed to does: that is no failure, and does not end the consuming.
      signal.throwIfAborted()
    })
    await started.promise
    network.isDown = true
    const other = world.client.consume([name], { ...options })
    expect((await other.next())?.record.offset).toBe(0)
    network.isDown = false
    await lost.promise
    await cutOff.close()
    await handling
  })
})

describe('a consumer that stands still', () => {
  it('says that its handler is busy, once, and not any more when it goes on', async () => {
    const name = await world.newTopic(1, 2)
    const told: Stall[] = []
    const options = { ...FAST, group: name, stallAfterMs: 100, onStalled: (stall: Stall) => told.push(stall) }
    const consumer = world.client.consume([name], options)
    const claimed = await consumer.next()
    // On a busy machine it may have had to wait for its first record, too.
    const busy = (): Stall[] => told.filter(({ reason }) => reason === 'handler-busy')
    await expect.poll(() => busy().length).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(busy()).toHaveLength(1)
    expect(consumer.stall?.reason).toBe('handler-busy')
    claimed?.done()
    expect(consumer.stall).toBeNull()
  })

  it('says that it has no partition, when there are more members than partitions', async () => {
    const name = await world.newTopic(1, 1)
    const first = world.client.consume([name], { ...FAST, group: name })
    await first.next()
    const second = world.client.consume([name], { ...FAST, group: name, stallAfterMs: 60 })
    void second.next()
    await expect.poll(() => second.stall?.reason).toBe('no-assignment')
  })

  it('says that no data comes, and why', async () => {
    const name = await world.newTopic(1, 1)
    const network = new FaultyNetwork(inProcessNetwork(world.broker))
    const cutOff = world.newClient({ network })
    const consumer = cutOff.consume([name], { ...FAST, group: name, stallAfterMs: 60 })
    ;(await consumer.next())?.done()
    void consumer.next()
    await expect.poll(() => consumer.stall?.message).toMatch(/nothing was written/)
    network.isDown = true
    await expect.poll(() => consumer.stall?.message).toMatch(/no record came .* fetching fails/)
    network.isDown = false
    await cutOff.close()
  })

  it('says that its commits fail, and not any more when one goes through', async () => {
    const name = await world.newTopic(1, 2)
    const network = new FaultyNetwork(inProcessNetwork(world.broker))
    const cutOff = world.newClient({ network, apiTimeoutMs: 50 })
    const options = { ...FAST, group: name, stallAfterMs: 60, commit: 'manual' } as const
    const consumer = cutOff.consume([name], options)
    ;(await consumer.next())?.done()
    network.isDown = true
    await expect(consumer.commit()).rejects.toMatchObject({ code: 'TIMED_OUT' })
    await expect.poll(() => consumer.stall?.reason).toBe('commit-failing')
    expect(consumer.stall?.message).toMatch(/^commits have failed for .* s: OffsetCommit/)
    network.isDown = false
    await expect.poll(() => consumer.commit().then(() => consumer.stall?.reason)).not.toBe('commit-failing')
    expect(await committed(name)).toBe(1)
    await cutOff.close()
  })
})

describe('a handler ordered by partition', () => {
  it('handles one record of each at a time, and the partitions side by side', async () => {
    const name = await world.newTopic(2, 20)
    const stop = new AbortController()
    const busy = new Set<number>()
    let [most, count] = [0, 0]
    const options = { ...FAST, group: name, concurrency: 8, signal: stop.signal }
    await world.client.topic(name).consume(options, async ({ partition }) => {
      expect(busy).not.toContain(partition)
      busy.add(partition)
      most = Math.max(most, busy.size)
      // Nobody is done before both are busy: then each has had its turn though one of them was there first.
      while (busy.size < 2 && count < 10) await new Promise((resolve) => setImmediate(resolve))
      busy.delete(partition)
      if (++count === 20) stop.abort()
    })
    expect(most).toBe(2)
  })
})

describe('a handler ordered by partition and short of memory', () => {
  it('has no more of them open beside each other than may be fetched ahead', async () => {
    const name = await world.newTopic(4, 0)
    const records = [0, 1, 2, 3].map((partition) => ({ value: Buffer.alloc(50_000), partition }))
    await world.client.producer({ compression: 'none' }).sendMany(name, records)
    const stop = new AbortController()
    const isSeen = Promise.withResolvers<void>()
    let [atOnce, most, count] = [0, 0, 0]
    const options = { ...FAST, group: name, concurrency: 4, readAheadBytes: 65_536, signal: stop.signal }
    await world.client.topic(name).consume(options, async () => {
      if (++atOnce === 2) {
        // Others would begin while these answers come, if they might.
        for (let i = 0; i < 10; i++) await world.client.admin.listTopics()
        most = atOnce
        isSeen.resolve()
      }
      await isSeen.promise
      if (++count === 4) stop.abort()
    })
    expect(most).toBe(2)
  })
})

describe('a dead-letter topic that takes nothing', () => {
  it('ends the consuming with both reasons, and the record comes again', async () => {
    const name = await world.newTopic(1, 3)
    const options = { ...FAST, group: name, deadLetterTopic: 'no/topic' }
    const handling = world.client.topic(name).consume(options, ({ offset }) => {
      if (offset === 1) throw new RangeError('not this one')
    })
    await expect(handling).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringMatching(
        /^the record at offset 1 of .*\/0, which could not be handled \(RangeError: not this one\), cannot be put into "no\/topic": ./,
      ),
    })
    expect(await committed(name)).toBe(1)
  })
})

describe('a handler ordered by key', () => {
  it('handles records without a key side by side', async () => {
    const name = await world.newTopic(1, 8)
    const controller = new AbortController()
    const allBusy = Promise.withResolvers<void>()
    let [atOnce, most, count] = [0, 0, 0]
    const options = {
      ...FAST,
      group: name,
      concurrency: 4,
      orderedBy: 'key',
      signal: controller.signal,
    } as const
    await world.client.topic(name).consume(options, async () => {
      most = Math.max(most, ++atOnce)
      if (most === 4) allBusy.resolve()
      // Nobody is done before four are busy.
      await allBusy.promise
      await new Promise((resolve) => setImmediate(resolve))
      atOnce--
      if (++count === 8) controller.abort()
    })
    expect(most).toBe(4)
  })
})

it('counters tell what a client has done', async () => {
  const name = await world.newTopic(1, 5)
  for await (const _record of world.client.read(name)) if (world.client.counters().recordsRead === 5) break
  const counters = world.client.counters()
  expect(counters).toMatchObject({ recordsSent: 5, recordsRead: 5, recordsFailed: 0, batchesRetried: 0 })
  expect(counters.connectionsOpened).toBeGreaterThanOrEqual(2)
  expect(counters.bytesSent).toBeGreaterThan(200)
  await expect(world.client.producer().send(name, { value: 'x', partition: 9 })).rejects.toThrow(
    'no partition 9',
  )
})
