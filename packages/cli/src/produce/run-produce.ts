import type { Client, Producer, ProducerRecord } from '@millrace/client'
import type { ProduceArguments } from '../commands/produce.ts'
import { connect } from '../connect.ts'
import { readChunks } from '../files.ts'
import { wholeNumber } from '../read-argument.ts'
import { abandonInput, isInputTerminal, isInteractive, standardInput, writeNote } from '../terminal.ts'
import { LineSplitter } from './line-splitter.ts'
import { ProduceProgress } from './progress.ts'
import { type LineFields, recordFromLine } from './record-from-line.ts'

/** Chunks on their way at a time: enough to keep the broker busy, few enough to stop soon after a failure. */
const MAX_SENDS_IN_FLIGHT = 16

/** Sends every line of the input; resolves when all are acknowledged, rejects when one is not. */
export async function runProduce(args: ProduceArguments): Promise<void> {
  const fields: LineFields = {
    keyField: args['key-field'],
    timestampField: args['timestamp-field'],
    partition: args.partition === undefined ? undefined : wholeNumber('--partition', args.partition, 0),
  }
  const client = await connect(args.bootstrap)
  const input = args.file === undefined ? standardInput() : readChunks(args.file)
  if (args.file === undefined && isInputTerminal() && isInteractive()) {
    writeNote('Each line becomes a record; end with Ctrl-D.\n')
  }
  try {
    await sendLines(client, args.topic, input, fields)
  } finally {
    if (args.file === undefined) abandonInput()
    await client.close()
  }
}

async function sendLines(
  client: Client,
  topic: string,
  input: AsyncIterable<Buffer>,
  fields: LineFields,
): Promise<void> {
  const sends = new SendQueue(client.producer(), topic)
  const splitter = new LineSplitter()
  let lineNumber = 0
  const toRecords = (lines: readonly Buffer[]): ProducerRecord[] => {
    const records: ProducerRecord[] = []
    try {
      for (const line of lines) records.push(recordFromLine(line, ++lineNumber, fields))
    } catch (error) {
      // Lines before a bad one are sent all the same.
      sends.failWith(error)
    }
    return records
  }
  for await (const chunk of input) {
    await sends.send(toRecords(splitter.push(chunk)), chunk.length)
    if (sends.failure !== null) break
  }
  const last = sends.failure === null ? splitter.end() : null
  if (last !== null) await sends.send(toRecords([last]), last.length)
  await sends.finish()
}

/** Sends in the order of the calls, a bounded number at a time, and remembers the first failure. */
class SendQueue {
  failure: unknown = null
  readonly #producer: Producer
  readonly #topic: string
  readonly #inFlight = new Set<Promise<void>>()
  readonly #progress = new ProduceProgress()

  constructor(producer: Producer, topic: string) {
    this.#producer = producer
    this.#topic = topic
  }

  failWith(error: unknown): void {
    this.failure ??= error
  }

  /** Waits while too much is on its way. Does not wait for the acknowledgement. */
  async send(records: readonly ProducerRecord[], sizeBytes: number): Promise<void> {
    if (records.length === 0) return
    const sending = this.#producer.sendMany(this.#topic, records).then(
      () => this.#progress.add(records.length, sizeBytes),
      (error: unknown) => this.failWith(error),
    )
    this.#inFlight.add(sending)
    void sending.then(() => this.#inFlight.delete(sending))
    while (this.#inFlight.size >= MAX_SENDS_IN_FLIGHT) await Promise.race(this.#inFlight)
  }

  async finish(): Promise<void> {
    await Promise.all(this.#inFlight)
    this.#progress.end()
    if (this.failure !== null) throw this.failure
  }
}
