import { type Clock, nodeClock } from '@millrace/log-core'
import { Consumer } from '@platformatic/kafka'
import { Kafka, type Consumer as KafkajsConsumer, logLevel } from 'kafkajs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Broker, startBroker } from '../../src/start-broker.ts'

/** Each case brings real clients into the state, and asks the broker what is the matter. */
describe('a group is explained', () => {
  let broker: Broker
  let kafka: Kafka
  let aheadMs = 0
  /** Of the clock that times sessions. */
  let passedMs = 0
  const closing: (() => Promise<unknown>)[] = []

  beforeEach(async () => {
    aheadMs = 0
    passedMs = 0
    // kafkajs asks for a topic that is gone, and would have it back.
    const config = { 'auto.create.topics.enable': 'false' }
    const clock = clockAhead({ aheadMs: () => aheadMs, passedMs: () => passedMs })
    broker = await startBroker({ host: '127.0.0.1', port: 0, config, clock })
    kafka = new Kafka({ clientId: 'app', brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING })
    await withAdmin((admin) =>
      admin.createTopics({ topics: [{ topic: 'orders', numPartitions: 1 }], waitForLeaders: true }),
    )
  })
  afterEach(async () => {
    await Promise.allSettled(closing.splice(0).map((close) => close()))
    await broker.close()
  })

  it('that has no members, and since when', async () => {
    const consumer = await kafkajsMember()
    await produce(3)
    await untilCommitted(3)
    await consumer.disconnect()
    aheadMs = 3_600_000
    expect(await findings()).toEqual([
      expect.stringMatching(
        /^no-members: The group has no members, since 60 minutes: .* commit was 60 minutes ago\.$/,
      ),
    ])
  })

  it('in which a busy member holds the rebalance, and how long it may', async () => {
    const gate = Promise.withResolvers<void>()
    closing.push(async () => gate.resolve())
    await kafkajsMember({ handle: () => gate.promise })
    await produce(1)
    await untilFound(/^commits|^reading/)
    const waiting = kafka.consumer({ groupId: 'group' })
    closing.push(() => waiting.stop())
    await waiting.connect()
    await waiting.subscribe({ topic: 'orders' })
    void waiting.run({ eachMessage: async () => {} })
    const [text] = await untilFound(/^rebalance-held/)
    expect(text).toMatch(
      /Member app-\S+ \(client app on 127\.0\.0\.1\) holds the rebalance: it has not joined again.* may for another \d+ (seconds|minutes)/,
    )
  })

  it('that has more members than partitions', async () => {
    await kafkajsMember()
    await kafkajsMember()
    const [text] = await untilFound(/^fewer-partitions/)
    expect(text).toMatch(/2 members share 1 partition, .*: app-\S+ has nothing to do/)
  })

  it.each(['classic', 'consumer'] as const)(
    'whose handler is stuck while heartbeats come, and since when (%s)',
    async (groupProtocol) => {
      await produce(4)
      const consumer = await platformaticMember({ groupProtocol })
      const stream = await consumer.consume({
        topics: ['orders'],
        mode: 'committed',
        fallbackMode: 'earliest',
        autocommit: false,
      })
      for await (const message of stream) {
        await message.commit()
        break
      }
      await untilCommitted(1)
      aheadMs = 7_200_000
      const [text] = await untilFound(/^commits-stand-still/)
      expect(text).toMatch(
        /has committed nothing of orders\/0 \(3 records behind\) for 2 hours, although its heartbeats come \(the last .* ago\)/,
      )
    },
  )

  it('whose member is so busy that it sends no heartbeats', async () => {
    const gate = Promise.withResolvers<void>()
    closing.push(async () => gate.resolve())
    // kafkajs sends heartbeats between records, and no more often than it is told.
    await kafkajsMember({ handle: () => gate.promise, heartbeatInterval: 25_000 })
    await produce(3)
    await untilFound(/^reading/)
    passedMs = 20_000
    const [text] = await untilFound(/^member-silent/)
    expect(text).toMatch(
      /Member app-\S+ \(client app on 127\.0\.0\.1\) was last heard of \d+ seconds ago, and 3 records of its partitions wait/,
    )
  })

  it('whose offset is out of range, and what the policies make of it', async () => {
    const consumer = await kafkajsMember()
    await produce(1)
    await untilCommitted(1)
    await consumer.disconnect()
    await produce(4)
    await withAdmin(async (admin) => {
      // It deletes nothing of a topic that it has not looked at.
      await admin.fetchTopicOffsets('orders')
      await admin.deleteTopicRecords({ topic: 'orders', partitions: [{ partition: 0, offset: '4' }] })
    })
    expect((await findings()).join('\n')).toMatch(
      /offset-out-of-range: orders\/0: the committed offset 1 is before the first record that is left \(4\): 3 records went .* earliest goes on at 4, latest at 5, none ends/,
    )
  })

  it.each(['classic', 'consumer'] as const)(
    'with two members of one instance id (%s)',
    async (groupProtocol) => {
      for (const clientId of ['first', 'second']) {
        const member = await platformaticMember({ clientId, groupProtocol, groupInstanceId: 'desk' })
        await member.consume({ topics: ['orders'], mode: 'earliest' }).catch(() => undefined)
      }
      const [text] = await untilFound(/^instance-id-taken/)
      expect(text).toMatch(
        /Member \S+ was turned away .* ago: \S+ is the member with the instance id "desk" now/,
      )
    },
  )

  it('that subscribes to a topic that is gone', async () => {
    await kafkajsMember()
    await untilFound(/^nothing|^reading/)
    await withAdmin((admin) => admin.deleteTopics({ topics: ['orders'] }))
    expect((await findings()).join('\n')).toMatch(
      /missing-topic: It subscribes to a topic that does not exist: "orders"/,
    )
  })

  it('that has read everything', async () => {
    await kafkajsMember()
    await produce(2)
    await untilCommitted(2)
    expect(await findings()).toEqual([expect.stringMatching(/^nothing-to-read: All is well: 1 member/)])
    expect(await broker.explainGroup('nobody')).toBeNull()
  })

  async function findings(): Promise<string[]> {
    const explained = await broker.explainGroup('group')
    return explained?.findings.map(({ code, text }) => `${code}: ${text}`) ?? []
  }

  /** Clients take their time to get there; what they are to see comes or the test's own limit ends it. */
  async function untilFound(pattern: RegExp): Promise<string[]> {
    return expect
      .poll(async () => (await findings()).filter((finding) => pattern.test(finding)), {
        timeout: 20_000,
      })
      .not.toHaveLength(0)
      .then(() => findings().then((all) => all.filter((finding) => pattern.test(finding))))
  }

  async function untilCommitted(offset: number): Promise<void> {
    const committed = async (): Promise<number | undefined> =>
      (await broker.explainGroup('group'))?.facts.partitions[0]?.committed
    await expect.poll(committed, { timeout: 20_000 }).toBe(offset)
  }

  async function withAdmin<T>(run: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<void> {
    const admin = kafka.admin()
    await admin.connect()
    await run(admin)
    await admin.disconnect()
  }

  async function produce(count: number): Promise<void> {
    const producer = kafka.producer()
    await producer.connect()
    for (let index = 0; index < count; index++) {
      await producer.send({ topic: 'orders', messages: [{ value: `${index}` }] })
    }
    await producer.disconnect()
  }

  async function kafkajsMember({
    handle = async () => {},
    heartbeatInterval = 200,
  }: {
    handle?: () => Promise<void>
    heartbeatInterval?: number
  } = {}): Promise<KafkajsConsumer> {
    const consumer = kafka.consumer({ groupId: 'group', heartbeatInterval, maxWaitTimeInMs: 100 })
    closing.push(() => consumer.disconnect())
    const joined = Promise.withResolvers<void>()
    consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve())
    await consumer.connect()
    await consumer.subscribe({ topic: 'orders', fromBeginning: true })
    await consumer.run({ autoCommitThreshold: 1, eachMessage: handle })
    await joined.promise
    return consumer
  }

  async function platformaticMember(options: {
    clientId?: string
    groupProtocol: 'classic' | 'consumer'
    groupInstanceId?: string
  }): Promise<Consumer> {
    const consumer = new Consumer({
      clientId: 'desk',
      bootstrapBrokers: [broker.bootstrapServers],
      groupId: 'group',
      heartbeatInterval: 200,
      ...options,
    })
    consumer.on('error', () => {})
    closing.push(() => consumer.close(true))
    return consumer
  }
})

/** The machine's clock, but its times can be moved on: nobody waits an hour in a test. */
function clockAhead({ aheadMs, passedMs }: { aheadMs: () => number; passedMs: () => number }): Clock {
  const clock = nodeClock()
  return {
    nowMs: () => clock.nowMs() + aheadMs(),
    monotonicMs: () => clock.monotonicMs() + passedMs(),
    endOfTurn: (run) => clock.endOfTurn(run),
    after: (delayMs, run) => clock.after(delayMs, run),
  }
}
