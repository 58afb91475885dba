/** kafkajs as a member; it speaks the classic protocol, eagerly. */
import { Kafka, logLevel } from 'kafkajs'
import {
  HEARTBEAT_INTERVAL_MS,
  memberArguments,
  SESSION_TIMEOUT_MS,
  tellAssigned,
  tellRead,
} from './member-lines.ts'

const { bootstrap, group, topic } = memberArguments()
const kafka = new Kafka({
  clientId: 'kafkajs-member',
  brokers: [bootstrap],
  logLevel: logLevel.NOTHING,
  retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 30 },
})
const consumer = kafka.consumer({
  groupId: group,
  sessionTimeout: SESSION_TIMEOUT_MS,
  heartbeatInterval: HEARTBEAT_INTERVAL_MS,
  maxWaitTimeInMs: 100,
})
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => tellAssigned(payload.memberAssignment[topic] ?? []))
consumer.on(consumer.events.REBALANCING, () => tellAssigned([]))
process.once('SIGTERM', () => {
  void consumer.disconnect().then(() => process.exit(0))
})
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch, commitOffsetsIfNecessary, heartbeat }) => {
    const { partition } = batch
    const [first, last] = [Number(batch.firstOffset()), Number(batch.lastOffset())]
    tellRead(partition, first, last)
    // `consumer.commitOffsets` would repeat a commit that is refused, as often as `retry` says, before it joins again.
    const partitions = [{ partition, offset: String(last + 1) }]
    await commitOffsetsIfNecessary({ topics: [{ topic, partitions }] })
    await heartbeat()
  },
})
