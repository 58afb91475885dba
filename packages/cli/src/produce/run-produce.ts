import type { Client, Producer, ProducerRecord } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import type { ProduceArguments } from '../commands/produce.ts'
import { connect } from '../connection/connect.ts'
import { fileSizeBytes, readChunks } from '../files.ts'
import { note, show } from '../output/show.ts'
import { formatCount } from '../output/units.ts'
import { Pace, parseRate } from '../pace.ts'
import { wholeNumber } from '../read-argument.ts'
import {
  abandonInput,
  abortOnEndSignal,
  exitCodeAfter,
  isInputTerminal,
  isInteractive,
  setExitCode,
  standardInput,
} from '../terminal.ts'
import { type InputUnit, type UnitSplitter, unitSplitter } from './input-units.ts'
import { ProduceProgress } from './progress.ts'
import { BadInputError, RecordMaker } from './record-maker.ts'
import { RejectFile } from './reject-file.ts'

/** Chunks on their way at a time: enough to keep the broker busy, few enough to stop soon after a failure. */
const MAX_SENDS_IN_FLIGHT = 16

/**
 * Sends every record of the input; resolves when all are acknowledged, rejects when one is not. Ctrl-C ends the input:
 * what was read before it is still sent.
 */
export async function runProduce(args: ProduceArguments): Promise<void> {
  const maker = new RecordMaker({
    keyField: args['key-field'],
    key: args.key,
    timestampField: args['timestamp-field'],
    headers: checkHeaders(args.header),
    partition: args.partition === undefined ? undefined : wholeNumber('--partition', args.partition, 0),
  })
  const pace = args.rate === undefined ? null : new Pace(parseRate('--rate', args.rate))
  const splitter = unitSplitter(args.input, delimiterOf(args.delimiter))
  const totalBytes = args.file === undefined ? null : fileSizeBytes(args.file)
  const rejects = args.reject === undefined ? null : new RejectFile(args.reject)
  const progress = new ProduceProgress(totalBytes, args.quiet)
  const client = await connect(args)
  if (args.file === undefined && isInputTerminal() && isInteractive()) {
    note(args, 'Each line becomes a record; end with Ctrl-D.\n')
  }
  const signal = abortOnEndSignal()
  if (args.file === undefined) signal.addEventListener('abort', abandonInput, { once: true })
  const sends = new SendQueue(client, args.topic, progress, pace, signal)
  try {
    await sendInput(args, sends, { maker, splitter, rejects, signal })
    if (signal.aborted) setExitCode(exitCodeAfter(signal))
  } finally {
    if (args.file === undefined) abandonInput()
    rejects?.close()
    await client.close()
  }
  await tellSummary(args, progress, rejects)
  if (sends.failure !== null) throw sends.failure.error
}

/** What becomes of the input on its way to the broker. */
interface InputWay {
  readonly maker: RecordMaker
  readonly splitter: UnitSplitter
  readonly rejects: RejectFile | null
  readonly signal: AbortSignal
}

async function sendInput(
  args: ProduceArguments,
  sends: SendQueue,
  { maker, rejects, signal, splitter }: InputWay,
): Promise<void> {
  const input = args.file === undefined ? standardInput() : readChunks(args.file)
  const toRecords = (units: readonly InputUnit[]): ProducerRecord[] => {
    const records: ProducerRecord[] = []
    for (const unit of units) {
      try {
        if (unit.fault !== null) throw new BadInputError(unit.fault)
        records.push(maker.make(unit.bytes))
      } catch (error) {
        if (!(error instanceof BadInputError)) throw error
        if (rejects === null) {
          const what = args.input === 'framed' ? 'frame' : 'line'
          sends.failWith(new CommandError(`${what} ${unit.number}: ${error.message}`))
          // What stands before it is sent all the same.
          return records
        }
        rejects.add(unit, splitter)
      }
    }
    if (splitter.failure !== null) sends.failWith(splitter.failure)
    return records
  }
  try {
    for await (const chunk of input) {
      await sends.send(toRecords(splitter.push(chunk)), chunk.length)
      if (sends.failure !== null || signal.aborted) break
    }
    if (sends.failure === null && !signal.aborted) await sends.send(toRecords(splitter.end()), 0)
  } catch (error) {
    // Input that was given up complains of it.
    if (!signal.aborted) sends.failWith(error)
  }
  await sends.finish()
}

/** One line for whoever looks, an object for a program; and what was put aside is told in any case. */
async function tellSummary(
  args: ProduceArguments,
  progress: ProduceProgress,
  rejects: RejectFile | null,
): Promise<void> {
  const rejected = rejects?.count ?? 0
  progress.end(rejected)
  if (args.output !== 'table') {
    const value = { topic: args.topic, ...progress.summary(), rejected }
    await show(args, { value, asText: () => '' })
  } else if (rejects !== null && rejected > 0 && !progress.isShown) {
    const what = args.input === 'framed' ? 'frame' : 'line'
    note(args, `millrace: ${formatCount(rejected, what)} put into ${rejects.path}\n`)
  }
}

function delimiterOf(given: string): string {
  // A shell has no easy way to write one.
  const delimiter = given === '\\t' ? '\t' : given
  if (delimiter !== '' && !/["\r\n]/.test(delimiter)) return delimiter
  throw new CommandError('--delimiter: expected text without quotes and line breaks, such as ; or \\t')
}

function checkHeaders(headers: readonly string[]): readonly string[] {
  for (const header of headers) {
    if (header.indexOf('=') < 1)
      throw new CommandError(`--header ${header}: expected NAME=VALUE, with {field} in the value`)
  }
  return headers
}

/** Sends in the order of the calls, a bounded number at a time, and remembers the first failure. */
class SendQueue {
  failure: { readonly error: unknown } | null = null
  readonly #producer: Producer
  readonly #topic: string
  readonly #progress: ProduceProgress
  readonly #pace: Pace | null
  readonly #signal: AbortSignal
  readonly #inFlight = new Set<Promise<void>>()
  /** Of input that has not yet come to the end of a record. */
  #uncountedBytes = 0

  constructor(
    client: Client,
    topic: string,
    progress: ProduceProgress,
    pace: Pace | null,
    signal: AbortSignal,
  ) {
    this.#signal = signal
    this.#producer = client.producer()
    this.#topic = topic
    this.#progress = progress
    this.#pace = pace
  }

  failWith(error: unknown): void {
    this.failure ??= { error }
  }

  /** Waits while too much is on its way. Does not wait for the acknowledgement. */
  async send(records: readonly ProducerRecord[], inputBytes: number): Promise<void> {
    this.#uncountedBytes += inputBytes
    if (records.length === 0) return
    const sizeBytes = this.#uncountedBytes
    this.#uncountedBytes = 0
    if (this.#pace === null) await this.#sendNow(records, sizeBytes)
    else {
      for await (const part of this.#pace.portions(records, this.#signal)) {
        await this.#sendNow(part, (sizeBytes * part.length) / records.length)
        if (this.failure !== null) return
      }
    }
  }

  /** Waits for what is on its way. */
  async finish(): Promise<void> {
    await Promise.all(this.#inFlight)
  }

  async #sendNow(records: readonly ProducerRecord[], sizeBytes: number): Promise<void> {
    const sending = this.#producer.sendMany(this.#topic, records).then(
      () => this.#progress.add(records.length, sizeBytes),
      (error: unknown) => this.failWith(error),
    )
    this.#inFlight.add(sending)
    void sending.then(() => this.#inFlight.delete(sending))
    while (this.#inFlight.size >= MAX_SENDS_IN_FLIGHT) await Promise.race(this.#inFlight)
  }
}
