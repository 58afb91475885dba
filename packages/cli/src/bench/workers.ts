import type { Client, Producer, ProducerRecord, RecordReader } from '@millrace/client'
import { type BenchOptions, STAMP_BYTES } from './bench-options.ts'
import type { Latencies } from './latencies.ts'
import { openLoop } from './open-loop.ts'

/** Records in one send when there is no rate: many enough to be cheap, few enough to be many sends. */
const RECORDS_PER_SEND = 500
const SENDS_IN_FLIGHT = 40
const VALUE_POOL = 512

/** What a worker did. */
export interface Work {
  readonly records: number
  readonly failed: number
  readonly elapsedMs: number
}

/**
 * Sends records for a time; latencies are from the moment at which a record was due to its acknowledgement. What is not
 * acknowledged is counted, and told to `onFailed`.
 */
export async function produceFor(
  client: Client,
  topics: readonly string[],
  options: BenchOptions,
  latencies: Latencies,
  signal: AbortSignal,
  onFailed: (error: unknown) => void = () => {},
): Promise<Work> {
  const { acks, compression } = options
  const producer = client.producer({ acks, compression })
  const values = valuePool(options.sizesBytes)
  const startMs = performance.now()
  const state = { sent: 0, failed: 0, sends: 0 }
  const send = async (count: number, firstDueMs: number, stepMs: number): Promise<void> => {
    const first = state.sent
    state.sent += count
    const records = stampedRecords(values, first, count, firstDueMs, stepMs)
    try {
      await producer.sendMany(topics[state.sends++ % topics.length] ?? '', records)
      const nowMs = performance.now()
      for (let i = 0; i < count; i++) latencies.add(nowMs - firstDueMs - i * stepMs)
    } catch (error) {
      state.failed += count
      onFailed(error)
    }
  }
  await (options.perSecond === null
    ? closedLoop(options.durationMs, signal, send)
    : openLoop(
        { perSecond: options.perSecond, durationMs: options.durationMs, signal },
        (...due) => void send(...due),
      ))
  await closeWithin(producer)
  return { records: state.sent - state.failed, failed: state.failed, elapsedMs: performance.now() - startMs }
}

/** How to read. */
export interface ConsumeOptions {
  readonly follow: boolean
  readonly signal: AbortSignal
  /** Told after each batch how many records were read so far. */
  readonly onRead?: (records: number) => void
}

/** A reading that has begun. */
export interface Reading {
  /** What was read, when the reading has ended. */
  readonly done: Promise<Work>
}

/**
 * Reads to the end, or with `follow` until the signal. Resolves when the reader knows where it stands: with `follow`
 * that is the end, so it misses nothing that is sent from then on. Latencies are from due to read.
 */
export async function startReading(
  client: Client,
  topics: readonly string[],
  { follow, signal, onRead }: ConsumeOptions,
  latencies: Latencies | null,
): Promise<Reading> {
  const reader = client.read(topics, { follow, signal, from: follow ? 'end' : 'beginning' })
  await reader.ranges()
  return { done: readAll(reader, onRead, latencies) }
}

async function readAll(
  reader: RecordReader,
  onRead: ConsumeOptions['onRead'],
  latencies: Latencies | null,
): Promise<Work> {
  // Neither the wait for the first record counts, nor the one behind the last.
  let startMs = 0
  let endMs = 0
  let records = 0
  for (let batch = await reader.nextBatch(); batch !== null; batch = await reader.nextBatch()) {
    endMs = performance.now()
    if (records === 0) startMs = endMs
    records += batch.length
    onRead?.(records)
    if (latencies === null) continue
    const nowMs = performance.now()
    for (const { value } of batch) {
      if (value !== null && value.length >= STAMP_BYTES) latencies.add(nowMs - value.readDoubleBE(0))
    }
  }
  return { records, failed: 0, elapsedMs: endMs - startMs }
}

async function closedLoop(
  durationMs: number,
  signal: AbortSignal,
  send: (count: number, dueMs: number, stepMs: number) => Promise<void>,
): Promise<void> {
  const endMs = performance.now() + durationMs
  const inFlight = new Set<Promise<void>>()
  while (performance.now() < endMs && !signal.aborted) {
    const sending = send(RECORDS_PER_SEND, performance.now(), 0)
    inFlight.add(sending)
    void sending.then(() => inFlight.delete(sending))
    if (inFlight.size >= SENDS_IN_FLIGHT) await Promise.race(inFlight)
  }
  await Promise.all(inFlight)
}

async function closeWithin(producer: Producer): Promise<void> {
  await producer.close({ timeoutMs: 30_000 })
}

/** Letters that compress a little, as text does; a few hundred values, so that making them costs nothing. */
function valuePool(sizesBytes: readonly number[]): Buffer[] {
  const letters = 'etaoin shrdlu cmfwyp vbgkjqxz {"id":1234567890,"name":'
  let seed = 1
  return Array.from({ length: VALUE_POOL * sizesBytes.length }, (_, at) => {
    const value = Buffer.alloc(sizesBytes[at % sizesBytes.length] ?? STAMP_BYTES)
    for (let i = STAMP_BYTES; i < value.length; i++) {
      // A linear congruential generator: the same values in each run.
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      value[i] = letters.charCodeAt(seed % letters.length)
    }
    return value
  })
}

function stampedRecords(
  values: readonly Buffer[],
  first: number,
  count: number,
  firstDueMs: number,
  stepMs: number,
): ProducerRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const value = Buffer.from(values[(first + i) % values.length] ?? Buffer.alloc(STAMP_BYTES))
    value.writeDoubleBE(firstDueMs + i * stepMs, 0)
    return { value }
  })
}
