/** @platformatic/kafka as a member: of the classic protocol (eagerly) or of KIP-848. */
import { Consumer, type Message } from '@platformatic/kafka'
import {
  HEARTBEAT_INTERVAL_MS,
  memberArguments,
  SESSION_TIMEOUT_MS,
  tellAssigned,
  tellRead,
} from './member-lines.ts'

const { bootstrap, group, protocol, topic } = memberArguments()
const common = {
  clientId: 'platformatic-member',
  bootstrapBrokers: [bootstrap],
  groupId: group,
  maxWaitTime: 100,
  // A broker that is started again takes its time on a busy machine.
  retries: 50,
  retryDelay: 200,
}
const consumer =
  protocol === 'consumer'
    ? new Consumer({ ...common, groupProtocol: 'consumer' })
    : new Consumer({
        ...common,
        sessionTimeout: SESSION_TIMEOUT_MS,
        rebalanceTimeout: 10_000,
        heartbeatInterval: HEARTBEAT_INTERVAL_MS,
      })
let told = '[]'
// It has no event for each change, so we look.
setInterval(() => {
  const mine = consumer.assignments?.find((assignment) => assignment.topic === topic)?.partitions ?? []
  const now = JSON.stringify([...mine].sort((a, b) => a - b))
  if (now === told) return
  told = now
  tellAssigned(mine)
}, 100)
process.once('SIGTERM', () => {
  void consumer.close(true).then(() => process.exit(0))
})
const stream = await consumer.consume({
  topics: [topic],
  mode: 'committed',
  fallbackMode: 'earliest',
  autocommit: false,
})
for await (const message of stream as AsyncIterable<Message>) {
  const { partition } = message
  const offset = Number(message.offset)
  tellRead(partition, offset, offset)
  try {
    await message.commit()
  } catch (refused) {
    // The epoch moved on meanwhile: whoever owns the partition now reads the record again.
    process.stderr.write(`commit: ${String(refused)}\n`)
  }
}
