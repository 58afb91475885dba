import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '@millrace/client'
import type { BenchArguments } from '../commands/bench.ts'
import { connect } from '../connection/connect.ts'
import { note, show } from '../output/show.ts'
import { abortOnEndSignal, nameOfRun, terminalColumns } from '../terminal.ts'
import { type BenchOptions, benchOptions } from './bench-options.ts'
import { Latencies, percentileLine, plot, summary } from './latencies.ts'
import { produceFor, startReading, type Work } from './workers.ts'

/** What a measurement gave. */
interface BenchResult {
  readonly produced: Work | null
  readonly consumed: Work | null
  /** From due to acknowledged. */
  readonly acknowledged: Latencies | null
  /** From due to read. */
  readonly endToEnd: Latencies | null
}

/** What was acknowledged is read within this time, or will not be. */
const MAX_DRAIN_MS = 10_000

/** Measures at each rate, and tells. */
export async function runBench(args: BenchArguments): Promise<void> {
  const runs = benchOptions(args)
  const signal = abortOnEndSignal()
  await using client = await connect(args)
  const results: { readonly options: BenchOptions; readonly result: BenchResult }[] = []
  for (const options of runs) {
    if (!signal.aborted) results.push({ options, result: await runOnce(client, args, options, signal) })
  }
  const objects = results.map(({ options, result }) => asObject(options, result))
  await show(args, {
    value: runs.length === 1 ? (objects[0] ?? {}) : objects,
    asText: () =>
      results
        .map(({ options, result }) => {
          const head = runs.length === 1 ? '' : `at ${options.perSecond?.toLocaleString('en')} records/s\n`
          return `${head}${asText(options, result, args.quiet)}`
        })
        .join('\n'),
  })
}

/** On topics of its own, unless one was named. */
async function runOnce(
  client: Client,
  args: BenchArguments,
  options: BenchOptions,
  signal: AbortSignal,
): Promise<BenchResult> {
  const topics = await openTopics(client, options)
  try {
    if (options.what === 'consume' && options.topic === null) {
      note(args, `Writing ${options.records.toLocaleString('en')} records first ...\n`)
    }
    return await measure(client, topics, options, signal)
  } finally {
    if (options.topic === null) await client.admin.deleteTopics(topics)
  }
}

async function openTopics(client: Client, options: BenchOptions): Promise<string[]> {
  if (options.topic !== null) {
    await client.admin.describeTopic(options.topic)
    return [options.topic]
  }
  const run = nameOfRun()
  const topics = Array.from({ length: options.topics }, (_, i) => `millrace-bench-${run}-${i}`)
  await client.admin.createTopics(topics.map((name) => ({ name, partitions: options.partitions })))
  return topics
}

async function measure(
  client: Client,
  topics: readonly string[],
  options: BenchOptions,
  signal: AbortSignal,
): Promise<BenchResult> {
  const acknowledged = new Latencies()
  switch (options.what) {
    case 'produce': {
      const produced = await produceFor(client, topics, options, acknowledged, signal)
      return { produced, consumed: null, acknowledged, endToEnd: null }
    }
    case 'consume': {
      if (options.topic === null) await fill(client, topics, options, signal)
      const reading = await startReading(client, topics, { follow: false, signal }, null)
      return { produced: null, consumed: await reading.done, acknowledged: null, endToEnd: null }
    }
    case 'latency':
    case 'mixed': {
      const endToEnd = new Latencies()
      const stop = new AbortController()
      const caughtUp = new CaughtUp()
      const following = { follow: true, signal: stop.signal, onRead: (read: number) => caughtUp.read(read) }
      const reading = await startReading(client, topics, following, endToEnd)
      const produced = await produceFor(client, topics, options, acknowledged, signal)
      await Promise.race([
        caughtUp.at(produced.records),
        reading.done,
        pause(MAX_DRAIN_MS, undefined, { ref: false }),
      ])
      stop.abort()
      return { produced, consumed: await reading.done, acknowledged, endToEnd }
    }
  }
}

/** Tells when a reader has come to a number of records. */
class CaughtUp {
  #records = 0
  #wanted = Number.POSITIVE_INFINITY
  readonly #reached = Promise.withResolvers<void>()

  read(records: number): void {
    this.#records = records
    if (records >= this.#wanted) this.#reached.resolve()
  }

  at(records: number): Promise<void> {
    this.#wanted = records
    this.read(this.#records)
    return this.#reached.promise
  }
}

async function fill(
  client: Client,
  topics: readonly string[],
  options: BenchOptions,
  signal: AbortSignal,
): Promise<void> {
  let left = options.records
  const until = new AbortController()
  const counted = new Latencies()
  const stop = setInterval(() => {
    left = options.records - counted.count
    if (left <= 0 || signal.aborted) until.abort()
  }, 20)
  const endless = { ...options, perSecond: null, durationMs: Number.MAX_SAFE_INTEGER }
  const failures: unknown[] = []
  // A broker that takes none would be written to for ever.
  await produceFor(client, topics, endless, counted, until.signal, (error) => {
    failures.push(error)
    until.abort()
  })
  clearInterval(stop)
  if (failures.length > 0) throw failures[0]
}

function meanBytes({ sizesBytes }: BenchOptions): number {
  return sizesBytes.reduce((sum, size) => sum + size, 0) / sizesBytes.length
}

function perSecond({ records, elapsedMs }: Work): number {
  return elapsedMs > 0 ? (records * 1_000) / elapsedMs : 0
}

function asObject(
  options: BenchOptions,
  { produced, consumed, acknowledged, endToEnd }: BenchResult,
): object {
  const work = (done: Work | null): object | null =>
    done === null
      ? null
      : { ...done, recordsPerSecond: perSecond(done), bytesPerSecond: perSecond(done) * meanBytes(options) }
  return {
    options,
    produced: work(produced),
    consumed: work(consumed),
    acknowledgedMs: acknowledged === null ? null : summary(acknowledged),
    endToEndMs: endToEnd === null ? null : summary(endToEnd),
  }
}

/** Rates, and latencies as a plot, or as a line when that is too much. */
function asText(
  options: BenchOptions,
  { produced, consumed, acknowledged, endToEnd }: BenchResult,
  isQuiet: boolean,
): string {
  const rate = (what: string, work: Work | null): string => {
    if (work === null) return ''
    const megabytes = ((perSecond(work) * meanBytes(options)) / 1e6).toFixed(1)
    const failed = work.failed === 0 ? '' : `, ${work.failed.toLocaleString('en')} failed`
    const records = Math.round(perSecond(work)).toLocaleString('en')
    return `${what}: ${records} records/s, ${megabytes} MB/s (${work.records.toLocaleString('en')} records${failed})\n`
  }
  const latency = (what: string, latencies: Latencies | null): string =>
    latencies === null || latencies.count === 0
      ? ''
      : `${what}:${isQuiet ? ` ${percentileLine(latencies)}` : `\n${plot(latencies, terminalColumns())}`}`
  return [
    rate('produced', produced),
    rate('consumed', consumed),
    latency('from due to acknowledged', acknowledged),
    latency('from due to read', endToEnd),
  ].join('')
}
