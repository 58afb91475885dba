import { describe, expect, it } from 'vitest'
import {
  type Client,
  type ConsumerRecord,
  createClient,
  type GroupOptions,
  rangeAssignor,
} from '../src/index.ts'
import type { ContractBroker } from './client-contract.ts'

/** What the tests of groups stand on: a broker, a client of it, topics with records in them. */
export interface GroupContractWorld {
  readonly client: Client
  readonly broker: ContractBroker
  newTopic(partitions: number): Promise<string>
  readAll(name: string): Promise<ConsumerRecord[]>
  numbered(count: number, partition?: number): { key: string; value: string; partition?: number }[]
}

/** What groups do with any broker that speaks Kafka's protocol. */
export function describeGroups(
  groupProtocols: readonly ('classic' | 'consumer')[],
  world: GroupContractWorld,
): void {
  describe.each(groupProtocols)('a group of the %s protocol', (protocol) => {
    const FAST = { protocol, heartbeatIntervalMs: 50 }
    let groupCount = 0
    const newGroup = (): string => `${protocol}-group-${groupCount++}`

    /** Reads as one member until `isEnough`; gives what it read. */
    async function member(
      topic: string,
      options: GroupOptions,
      isEnough: (record: ConsumerRecord) => boolean,
    ): Promise<ConsumerRecord[]> {
      const own = createClient({ bootstrapServers: world.broker.bootstrapServers })
      const records: ConsumerRecord[] = []
      for await (const record of own.consume([topic], { ...FAST, ...options })) {
        records.push(record)
        if (isEnough(record)) break
      }
      await own.close()
      return records
    }

    it('goes on where it has committed, the record in hand included', async () => {
      const [name, group] = [await world.newTopic(1), newGroup()]
      await world.client.producer().sendMany(name, world.numbered(10, 0))
      const first = await member(name, { group }, ({ offset }) => offset === 4)
      expect(first.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4])
      // Asking for the next record would have marked record 4 as done: the loop was left before that.
      const second = await member(name, { group }, ({ offset }) => offset === 9)
      expect(second.map(({ offset }) => offset)).toEqual([4, 5, 6, 7, 8, 9])
      expect(await world.client.admin.fetchOffsets(group)).toMatchObject([{ offset: 9 }])
      expect((await world.client.admin.describeGroup(group))?.state).toBe('Empty')
    })

    it('starts at the end, or at a time, where it has committed nothing', async () => {
      const name = await world.newTopic(1)
      const records = Array.from({ length: 10 }, (_, i) => ({ value: String(i), timestampMs: 1_000 + i }))
      await world.client.producer().sendMany(name, records)
      const timed = await member(
        name,
        { group: newGroup(), from: { time: 1_007 } },
        ({ offset }) => offset === 9,
      )
      expect(timed.map(({ offset }) => offset)).toEqual([7, 8, 9])
      const group = newGroup()
      const late = member(name, { group, from: 'end' }, () => true)
      while ((await world.client.admin.describeGroup(group))?.state !== 'Stable')
        await world.client.admin.describeCluster()
      const sending = setInterval(() => void world.client.producer().send(name, { value: 'late' }), 20)
      expect((await late)[0]?.value?.toString()).toBe('late')
      clearInterval(sending)
    })

    for (const assignors of protocol === 'classic' ? [undefined, [rangeAssignor]] : [undefined]) {
      const what = assignors === undefined ? 'default' : 'range'
      it(`shares partitions with members that come and go (${what}): nothing lost`, async () => {
        const [name, group] = [await world.newTopic(4), newGroup()]
        const options: GroupOptions = { group, ...FAST, ...(assignors === undefined ? {} : { assignors }) }
        const total = 3_000
        await world.client.producer().sendMany(name, world.numbered(total))
        const seen = new Set<string>()
        const clients = [0, 1, 2].map(() => createClient({ bootstrapServers: world.broker.bootstrapServers }))
        // Whoever sees the last record: the others may wait for one that does not come.
        const allSeen = new AbortController()
        const { signal } = allSeen
        const run = async (own: Client | undefined, mostRecords: number): Promise<number> => {
          let count = 0
          for await (const record of own?.consume([name], { ...options, signal }) ?? []) {
            seen.add(`${record.partition}/${record.offset}`)
            count++
            if (count % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 4))
            if (seen.size === total) allSeen.abort()
            if (count === mostRecords) break
          }
          return count
        }
        const [a, b, c] = clients
        const runs = [run(a, 700), run(b, Number.POSITIVE_INFINITY), run(c, Number.POSITIVE_INFINITY)]
        await Promise.all(runs)
        await Promise.all(clients.map((own) => own.close()))
        expect(seen.size).toBe(total)
      })
    }

    it('tells a member what it gets and what is taken away, and waits for it', async () => {
      const [name, group] = [await world.newTopic(2), newGroup()]
      const told: string[] = []
      const consumer = world.client.consume([name], {
        ...FAST,
        group,
        onAssigned: (partitions) => void told.push(`+${partitions.map(({ partition }) => partition).join()}`),
        onRevoked: (partitions, { isLost }) =>
          void told.push(`${isLost ? '!' : '-'}${partitions.map(({ partition }) => partition).join()}`),
      })
      await world.client.producer().sendMany(name, [...world.numbered(5, 0), ...world.numbered(5, 1)])
      const first = await consumer.next()
      expect(told).toEqual(['+0,1'])
      const other = createClient({ bootstrapServers: world.broker.bootstrapServers })
      const theirs = other.consume([name], { ...FAST, group })
      const theirFirst = theirs.next()
      while (told.length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
      expect(told[1]).toBe('-1')
      first?.done()
      expect((await theirFirst)?.record.partition).toBe(1)
      expect(consumer.assignment).toEqual([{ topic: name, partition: 0 }])
      await other.close()
      await consumer.close()
    })

    it('keeps the partition of a static member that comes back', async () => {
      const [name, group] = [await world.newTopic(1), newGroup()]
      await world.client.producer().sendMany(name, world.numbered(4, 0))
      const first = world.client.consume([name], { ...FAST, group, instanceId: 'one' })
      ;(await first.next())?.done()
      await first.close()
      expect((await world.client.admin.describeGroup(group))?.members).toHaveLength(1)
      const second = world.client.consume([name], { ...FAST, group, instanceId: 'one' })
      expect((await second.next())?.record.offset).toBe(1)
      await second.close()
    })

    it.runIf(protocol === 'classic')('fails a member whose instance id another one has taken', async () => {
      const [name, group] = [await world.newTopic(1), newGroup()]
      await world.client.producer().sendMany(name, world.numbered(1, 0))
      const first = world.client.consume([name], { ...FAST, group, instanceId: 'one' })
      await first.next()
      // Expected before it can happen: nobody else would take the rejection.
      const fenced = expect(first.next()).rejects.toMatchObject({ codeName: 'FENCED_INSTANCE_ID' })
      const second = world.client.consume([name], { ...FAST, group, instanceId: 'one' })
      await second.next()
      await fenced
      await Promise.all([first.close(), second.close()])
    })

    it('pauses, resumes and seeks', async () => {
      const [name, group] = [await world.newTopic(2), newGroup()]
      await world.client.producer().sendMany(name, [...world.numbered(50, 0), ...world.numbered(50, 1)])
      const consumer = world.client.consume([name], { ...FAST, group })
      const first = await consumer.next()
      first?.done()
      const paused = first?.record.partition ?? 0
      consumer.pause([{ topic: name, partition: paused }])
      for (let i = 0; i < 50; i++) {
        const claimed = await consumer.next()
        expect(claimed?.record).toMatchObject({ partition: 1 - paused, offset: i })
        claimed?.done()
      }
      consumer.resume()
      for (let i = 1; i < 50; i++) {
        const claimed = await consumer.next()
        expect(claimed?.record).toMatchObject({ partition: paused, offset: i })
        claimed?.done()
      }
      consumer.seek({ topic: name, partition: 1, offset: 48 })
      expect((await consumer.next())?.record).toMatchObject({ partition: 1, offset: 48 })
      await consumer.close()
    })

    it('finds topics by a pattern', async () => {
      const [one, two] = [await world.newTopic(1), await world.newTopic(1)]
      await Promise.all([one, two].map((name) => world.client.producer().send(name, { value: name })))
      const consumer = world.client.consume(new RegExp(`^(${one}|${two})$`), { ...FAST, group: newGroup() })
      const values = [await consumer.next(), await consumer.next()].map((claimed) =>
        claimed?.record.value?.toString(),
      )
      expect(values.sort()).toEqual([one, two].sort())
      await consumer.close()
    })
  })

  describe('a handler', () => {
    const FAST = { heartbeatIntervalMs: 50 }

    it('handles records side by side, each key in order, and commits what is done', async () => {
      const name = await world.newTopic(2)
      await world.client.producer().sendMany(name, world.numbered(400))
      const last = new Map<string, number>()
      const busy = new Set<string>()
      const controller = new AbortController()
      const severalBusy = Promise.withResolvers<void>()
      let [atOnce, most, count] = [0, 0, 0]
      const options = {
        ...FAST,
        group: 'side-by-side',
        concurrency: 16,
        orderedBy: 'key',
        signal: controller.signal,
      } as const
      await world.client.topic(name).consume(options, async ({ key, value }) => {
        most = Math.max(most, ++atOnce)
        if (most === 5) severalBusy.resolve()
        expect(Number(value)).toBeGreaterThan(last.get(String(key)) ?? -1)
        last.set(String(key), Number(value))
        // Handlers that take equally long would end in their order also when they ran side by side.
        expect(busy).not.toContain(String(key))
        busy.add(String(key))
        // Nobody is done before five are busy.
        await severalBusy.promise
        await new Promise((resolve) => setTimeout(resolve, 1))
        busy.delete(String(key))
        atOnce--
        if (++count === 400) controller.abort()
      })
      expect(most).toBeLessThanOrEqual(16)
      const committed = await world.client.admin.fetchOffsets('side-by-side')
      expect(committed.reduce((sum, { offset }) => sum + offset, 0)).toBeGreaterThanOrEqual(384)
    })

    it('tries again, then puts a record aside with the reason, and goes on', async () => {
      const [name, dead] = [await world.newTopic(1), await world.newTopic(1)]
      const headers = [{ key: 'trace', value: '7' }]
      const records = world.numbered(3, 0).map((record) => ({ ...record, headers }))
      await world.client.producer().sendMany(name, records)
      const controller = new AbortController()
      const attempts: string[] = []
      const options = {
        ...FAST,
        group: 'dead',
        retries: 2,
        retryBackoffMs: 1,
        deadLetterTopic: dead,
        signal: controller.signal,
      }
      await world.client.topic(name).consume(options, ({ value }, { attempt }) => {
        attempts.push(`${value}:${attempt}`)
        if (String(value) === '1') throw new RangeError('not this one')
        if (String(value) === '2') controller.abort()
      })
      expect(attempts).toEqual(['0:0', '1:0', '1:1', '1:2', '2:0'])
      const [buried] = await world.readAll(dead)
      expect(buried?.value?.toString()).toBe('1')
      expect(Object.fromEntries(buried?.headers.map(({ key, value }) => [key, String(value)]) ?? [])).toEqual(
        {
          trace: '7',
          'millrace.dead.topic': name,
          'millrace.dead.partition': '0',
          'millrace.dead.offset': '1',
          'millrace.dead.reason': 'RangeError: not this one',
        },
      )
    })

    it('ends with the error of a record that cannot be handled, which comes again', async () => {
      const name = await world.newTopic(1)
      await world.client.producer().sendMany(name, world.numbered(3, 0))
      const handling = world.client.topic(name).consume({ ...FAST, group: 'failing' }, ({ offset }) => {
        if (offset === 1) throw new Error('broken')
      })
      await expect(handling).rejects.toThrow('broken')
      expect(await world.client.admin.fetchOffsets('failing')).toMatchObject([{ offset: 1 }])
    })
  })
}
