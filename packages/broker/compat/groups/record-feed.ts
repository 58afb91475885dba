/** Records that keep coming, so that a group always has something to read. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, type Producer } from 'kafkajs'

const PAUSE_MS = 50

export class RecordFeed {
  readonly #producer: Producer
  readonly #partitionCount: number
  #isRunning = true
  #done: Promise<void> = Promise.resolve()

  private constructor(producer: Producer, partitionCount: number) {
    this.#producer = producer
    this.#partitionCount = partitionCount
  }

  static async start(bootstrap: string, topic: string, partitionCount: number): Promise<RecordFeed> {
    const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 30 }
    const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry })
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions: partitionCount }] })
    await admin.disconnect()
    const producer = kafka.producer()
    await producer.connect()
    const feed = new RecordFeed(producer, partitionCount)
    feed.#done = feed.#run(topic)
    return feed
  }

  /** Nothing is written any more when this resolves. */
  async stop(): Promise<void> {
    this.#isRunning = false
    await this.#done
    await this.#producer.disconnect()
  }

  async #run(topic: string): Promise<void> {
    for (let round = 0; this.#isRunning; round++) {
      const messages = Array.from({ length: this.#partitionCount }, (_, partition) => ({
        partition,
        value: `${round}`,
      }))
      // What a killed broker did not take is written again, or not: the log decides what there is to be read.
      await this.#producer.send({ topic, messages }).catch(() => undefined)
      await sleep(PAUSE_MS)
    }
  }
}
