import type { Producer, ProducerRecord } from '@millrace/client'
import type { Acks, GatewayServices } from '../gateway-services.ts'
import { bodyChunks } from '../http/body.ts'
import { answerOf } from '../http/error-answer.ts'
import type { Exchange } from '../http/exchange.ts'
import { parseJson } from '../http/json-text.ts'
import { LineSplitter } from '../records/line-splitter.ts'
import { readRecord } from '../records/record-input.ts'

/** What a stream of lines says of itself. */
export interface StreamOptions {
  readonly acks: Acks
  /** Whether a line is a record, with key and headers, or only its value. */
  readonly lines: 'records' | 'values'
}

/** Records are sent together up to this many bytes of their lines. */
const BYTES_PER_SEND = 512 * 1024

/**
 * Sends the lines of a body as they come, pulling no faster than the broker takes them. The answer tells how many
 * records were written; so does the one to a stream that fails, and what it counts is written for good.
 */
export async function produceStream(
  services: GatewayServices,
  exchange: Exchange,
  options: StreamOptions,
): Promise<void> {
  const producer = await services.producer(options.acks)
  const { limits } = services.settings
  const sender = new StreamSender(producer, exchange.param('topic'))
  const splitter = new LineSplitter(limits.maxLineBytes)
  let lineNumber = 0
  const take = (line: Buffer): void => {
    lineNumber++
    // An empty line is no record: many tools end their output with one.
    if (line.length === 0 || (line.length === 1 && line[0] === 0x0d)) return
    sender.add(readLine(line, lineNumber, options.lines, limits.maxHeadersPerRecord), line.length)
  }
  try {
    for await (const chunk of bodyChunks(exchange.request, services.settings)) {
      for (const line of splitter.push(chunk)) {
        take(line)
        if (sender.count >= limits.recordsPerSend || sender.sizeBytes >= BYTES_PER_SEND) await sender.send()
      }
    }
    const last = splitter.end()
    if (last !== null) take(last)
  } catch (error) {
    await fail(exchange, sender, error)
    return
  }
  try {
    await sender.finish()
  } catch (error) {
    await fail(exchange, sender, error)
    return
  }
  exchange.json(200, { topic: exchange.param('topic'), records: sender.writtenCount })
}

/** What stood before a bad line is written all the same, and counted. */
async function fail(exchange: Exchange, sender: StreamSender, error: unknown): Promise<void> {
  let told = error
  await sender.finish().catch((failure: unknown) => {
    told = failure
  })
  const answer = answerOf(told)
  if (answer === null) throw told
  const { code, headers, message, status } = answer
  const close = exchange.request.complete ? {} : { connection: 'close' }
  exchange.json(status, { error: { code, message }, records: sender.writtenCount }, { ...headers, ...close })
}

function readLine(
  line: Buffer,
  lineNumber: number,
  lines: StreamOptions['lines'],
  maxHeaders: number,
): ProducerRecord {
  if (lines === 'values') return { value: line }
  const what = `line ${lineNumber}`
  return readRecord(what, parseJson(what, line.toString('utf8')), maxHeaders)
}

/** Sends groups of records, one on its way while the next is being read. */
class StreamSender {
  readonly #producer: Producer
  readonly #topic: string
  #records: ProducerRecord[] = []
  #sizeBytes = 0
  #writtenCount = 0
  #inFlight: Promise<void> = Promise.resolve()

  constructor(producer: Producer, topic: string) {
    this.#producer = producer
    this.#topic = topic
  }

  get count(): number {
    return this.#records.length
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Records that were acknowledged. */
  get writtenCount(): number {
    return this.#writtenCount
  }

  add(record: ProducerRecord, sizeBytes: number): void {
    this.#records.push(record)
    this.#sizeBytes += sizeBytes
  }

  /** Sends what was added, when what was sent before is written. Rejects with the failure of that. */
  async send(): Promise<void> {
    await this.#inFlight
    const records = this.#records
    if (records.length === 0) return
    this.#records = []
    this.#sizeBytes = 0
    this.#inFlight = this.#write(records)
    // Told by the next call, or by `finish`.
    this.#inFlight.catch(() => {})
  }

  /** Sends the rest and waits for it. */
  async finish(): Promise<void> {
    await this.send()
    await this.#inFlight
  }

  async #write(records: readonly ProducerRecord[]): Promise<void> {
    try {
      await this.#producer.sendMany(this.#topic, records)
      this.#writtenCount += records.length
    } catch (error) {
      if (error instanceof Error && 'errors' in error && error.errors instanceof Map) {
        this.#writtenCount += records.length - error.errors.size
      }
      throw error
    }
  }
}
