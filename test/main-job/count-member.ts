/**
 * A group member that counts flights per airport: `count-member.ts BOOTSTRAP TOPIC GROUP`.
 *
 * The counts of a partition travel in the metadata of its commit, so that offset and counts change in one step: a
 * member that is killed loses nothing, and one that takes over counts nothing twice. Each commit is told in a line of
 * JSON on standard output.
 */
import { type Admin, type EachBatchPayload, Kafka, logLevel } from 'kafkajs'
import '../../packages/broker/compat/programs/kafkajs-codecs.ts'

export type Counts = Record<string, number>

interface Progress {
  readonly nextOffset: string
  readonly counts: Counts
}

class CountMember {
  readonly #topic: string
  readonly #groupId: string
  readonly #admin: Admin
  readonly #progress = new Map<number, Progress>()

  constructor(admin: Admin, target: { topic: string; groupId: string }) {
    this.#admin = admin
    this.#topic = target.topic
    this.#groupId = target.groupId
  }

  /** Counts a batch and answers what to commit. */
  async count({ batch }: EachBatchPayload): Promise<Progress> {
    const { partition } = batch
    let known = this.#progress.get(partition)
    if (known?.nextOffset !== batch.messages[0]?.offset) {
      known = await this.#committed(partition)
    }
    const counts: Counts = { ...known?.counts }
    for (const { key, offset } of batch.messages) {
      if (Number(offset) < Number(known?.nextOffset ?? 0)) continue
      const origin = String(key)
      counts[origin] = (counts[origin] ?? 0) + 1
    }
    const progress = { nextOffset: String(Number(batch.lastOffset()) + 1), counts }
    this.#progress.set(partition, progress)
    return progress
  }

  /** The partition may have come from another member: only what is committed counts. */
  async #committed(partition: number): Promise<Progress> {
    const all = await this.#admin.fetchOffsets({ groupId: this.#groupId, topics: [this.#topic] })
    const entry = all[0]?.partitions.find((candidate) => candidate.partition === partition)
    if (entry === undefined || entry.offset === '-1') return { nextOffset: '0', counts: {} }
    return { nextOffset: entry.offset, counts: JSON.parse(entry.metadata ?? '{}') as Counts }
  }
}

async function main(): Promise<void> {
  const [bootstrap = '', topic = '', groupId = ''] = process.argv.slice(2)
  const kafka = new Kafka({
    clientId: `member-${process.pid}`,
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
  })
  const admin = kafka.admin()
  await admin.connect()
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: 6000,
    heartbeatInterval: 500,
    maxWaitTimeInMs: 100,
    // Small fetches make many commits, so that the kill falls between two of them.
    maxBytesPerPartition: 64 * 1024,
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (payload.restart) return
    process.stderr.write(`${payload.error.message}\n`)
    process.exit(1)
  })
  process.once('SIGTERM', () => {
    void consumer
      .disconnect()
      .then(() => admin.disconnect())
      .then(() => process.exit(0))
  })
  const member = new CountMember(admin, { topic, groupId })
  await consumer.run({
    autoCommit: false,
    eachBatch: async (payload) => {
      const { partition } = payload.batch
      const { nextOffset, counts } = await member.count(payload)
      const metadata = JSON.stringify(counts)
      await consumer.commitOffsets([{ topic, partition, offset: nextOffset, metadata }])
      await payload.heartbeat()
      process.stdout.write(`${JSON.stringify({ partition, offset: Number(nextOffset) })}\n`)
    },
  })
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = 1
})
