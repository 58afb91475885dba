import type { Client, ConsumerRecord, Producer, TopicMetadata } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import { OutputBuffer } from '../output/output-buffer.ts'
import type { RecordFormat } from '../tail/record-format.ts'

/** Where replayed records go. */
export interface ReplayTarget {
  /** Takes records in their order; resolves when there is room for more. */
  send(records: readonly ConsumerRecord[]): Promise<void>
  /** Resolves when everything has arrived. */
  close(): Promise<void>
}

/** Bytes that a WebSocket may hold back before we wait. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024
const DRAIN_POLL_MS = 5

/** `stdout`, a `ws://` or `wss://` URL, or a topic. */
export async function openTarget(
  client: Client,
  to: string,
  source: TopicMetadata,
  format: RecordFormat,
): Promise<ReplayTarget> {
  if (to === 'stdout') return new OutputTarget(format)
  if (/^wss?:\/\//.test(to)) return openWebSocket(to, format)
  if (to === source.name)
    throw new CommandError(`--to ${to}: a topic cannot be replayed into itself without end`)
  const partitions = await partitionsOf(client, to)
  return new TopicTarget(client.producer(), to, partitions === source.partitions.length)
}

/** Null for a topic that the broker will create. */
async function partitionsOf(client: Client, name: string): Promise<number | null> {
  const topics = await client.admin.listTopics()
  return topics.find((topic) => topic.name === name)?.partitions.length ?? null
}

class OutputTarget implements ReplayTarget {
  readonly #format: RecordFormat
  readonly #out = new OutputBuffer()

  constructor(format: RecordFormat) {
    this.#format = format
  }

  async send(records: readonly ConsumerRecord[]): Promise<void> {
    for (const record of records) this.#format(record, this.#out)
    await this.#out.flush()
  }

  async close(): Promise<void> {}
}

/** Keys, values, headers and times stay; so does the partition, where both topics have as many. */
class TopicTarget implements ReplayTarget {
  readonly #producer: Producer
  readonly #topic: string
  readonly #keepsPartition: boolean
  #failure: { readonly error: unknown } | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(producer: Producer, topic: string, keepsPartition: boolean) {
    this.#producer = producer
    this.#topic = topic
    this.#keepsPartition = keepsPartition
  }

  async send(records: readonly ConsumerRecord[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure.error
    const copies = records.map(({ key, value, headers, timestampMs, partition }) => ({
      key,
      value,
      headers,
      timestampMs,
      ...(this.#keepsPartition ? { partition } : {}),
    }))
    // The pace must not wait for the disk: acknowledgements are looked at when the next records are due.
    this.#last = this.#producer.sendMany(this.#topic, copies).catch((error: unknown) => {
      this.#failure ??= { error }
    })
    if (this.#producer.bufferedBytes > MAX_BUFFERED_BYTES) await this.#last
  }

  async close(): Promise<void> {
    await this.#producer.close()
    await this.#last
    if (this.#failure !== null) throw this.#failure.error
  }
}

async function openWebSocket(url: string, format: RecordFormat): Promise<ReplayTarget> {
  const socket = new WebSocket(url)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.addEventListener('open', () => resolve(), { once: true })
  const lost = (): CommandError => new CommandError(`${url} cannot be reached, or has closed the connection`)
  socket.addEventListener('close', () => reject(lost()), { once: true })
  await promise
  return {
    send: async (records) => {
      for (const record of records) {
        if (socket.readyState !== WebSocket.OPEN) throw lost()
        socket.send(await formatted(record, format))
        while (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
          await new Promise((next) => setTimeout(next, DRAIN_POLL_MS))
        }
      }
    },
    close: async () => {
      const closed = new Promise((next) => socket.addEventListener('close', next, { once: true }))
      socket.close()
      if (socket.readyState !== WebSocket.CLOSED) await closed
    },
  }
}

async function formatted(record: ConsumerRecord, format: RecordFormat): Promise<string> {
  const parts: Buffer[] = []
  const out = new OutputBuffer(async (data) => void parts.push(data))
  format(record, out)
  await out.flush()
  return Buffer.concat(parts).toString('utf8')
}
