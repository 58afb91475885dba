/** @platformatic/kafka: reading needs a group there, so `dump` makes one of its own. */
import {
  Consumer,
  ListOffsetTimestamps,
  type Message,
  Producer,
  stringSerializers,
} from '@platformatic/kafka'
import { RecordTally } from '../record-tally.ts'
import { type ClientProgram, producedRecord, runProgram } from './program.ts'

const program: ClientProgram = {
  async dump(bootstrap, topic) {
    const consumer = makeConsumer(bootstrap, `dump-${process.pid}-${Date.now()}`)
    const starts = await consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.EARLIEST })
    const ends = await consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.LATEST })
    const waiting = new Map<number, number>()
    for (const [partition, end] of (ends.get(topic) ?? []).entries()) {
      if (end !== starts.get(topic)?.[partition]) waiting.set(partition, Number(end))
    }
    const tally = new RecordTally()
    if (waiting.size > 0) {
      const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false })
      for await (const message of stream) {
        const record = toRecord(message)
        const end = waiting.get(record.partition) ?? 0
        if (record.offset < end) tally.add(record)
        if (record.offset + 1 >= end) waiting.delete(record.partition)
        if (waiting.size === 0) break
      }
    }
    await consumer.close(true)
    return tally.result()
  },

  async produce(bootstrap, topic, count, prefix) {
    const producer = new Producer({
      clientId: 'compat-platformatic',
      bootstrapBrokers: [bootstrap],
      serializers: stringSerializers,
      autocreateTopics: true,
    })
    for (let start = 0; start < count; start += 1000) {
      const size = Math.min(1000, count - start)
      const messages = Array.from({ length: size }, (_, index) => ({
        topic,
        ...producedRecord(start + index, prefix),
      }))
      await producer.send({ messages, acks: -1 })
    }
    await producer.close()
    return count
  },

  async group(bootstrap, topic, group, count) {
    const consumer = makeConsumer(bootstrap, group)
    const tally = new RecordTally()
    const next = new Map<number, { offset: bigint; leaderEpoch: number }>()
    const stream = await consumer.consume({
      topics: [topic],
      mode: 'committed',
      fallbackMode: 'earliest',
      autocommit: false,
    })
    for await (const message of stream) {
      tally.add(toRecord(message))
      next.set(message.partition, { offset: message.offset, leaderEpoch: message.leaderEpoch })
      if (tally.count >= count) break
    }
    // Its `commit` takes the next offset to be read, as the protocol has it.
    const offsets = [...next].map(([partition, { offset, leaderEpoch }]) => ({
      topic,
      partition,
      offset: offset + 1n,
      leaderEpoch,
    }))
    await consumer.commit({ offsets })
    await consumer.close(true)
    return tally.result()
  },
}

function makeConsumer(bootstrap: string, groupId: string): Consumer {
  return new Consumer({
    clientId: 'compat-platformatic',
    bootstrapBrokers: [bootstrap],
    groupId,
    maxWaitTime: 100,
    sessionTimeout: 30_000,
    heartbeatInterval: 3000,
  })
}

function toRecord(message: Message): Parameters<RecordTally['add']>[0] {
  return {
    partition: message.partition,
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key ?? null,
    value: message.value ?? null,
  }
}

await runProgram(program, process.argv.slice(2))
