import { ClientError } from '../client-error.ts'
import { LIMITS } from '../client-limits.ts'
import type { Cluster } from '../cluster.ts'
import { retry } from '../connection/retry.ts'
import type { TopicMetadata } from '../metadata/topic-metadata.ts'
import {
  checkSignal,
  choiceOption,
  integerOption,
  invalidOption,
  refuseUnknownOptions,
  requiredName,
} from '../option-check.ts'
import { ChunkDecoder } from './chunk-decoder.ts'
import type { ConsumerRecord, TopicPartition } from './consumer-record.ts'
import { FetchPartition } from './fetch-partition.ts'
import { Fetcher } from './fetcher.ts'
import { EARLIEST, type Isolation, isolationOption, LATEST, lookUpOffsets } from './offset-lookup.ts'
import { checkPosition, type ReadFrom, type ReadRange, type ReadUntil, resolveRanges } from './read-range.ts'
import type { RecordCodecs } from './record-fields.ts'

/** What to read of a topic. */
export interface ReadOptions {
  /** Default `beginning`. */
  readonly from?: ReadFrom
  /** Default: the end as it is when reading starts; with `follow`, none. */
  readonly until?: ReadUntil
  /** Goes on with records that arrive later. Default false. */
  readonly follow?: boolean
  /** Default all. */
  readonly partitions?: readonly number[]
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal
  /** `read_committed` (the default) leaves out records of aborted and unfinished transactions. */
  readonly isolation?: Isolation
  /** Bytes fetched ahead of the reader, all partitions together. Default 16 MiB. */
  readonly readAheadBytes?: number
}

const OPTION_NAMES = ['from', 'until', 'follow', 'partitions', 'signal', 'isolation', 'readAheadBytes']

/**
 * Reads topics without a group, from where the options say. Each partition comes in order; several
 * partitions come as their data arrives. Use it once: with `for await`, or batch by batch.
 */
export class RecordReader<K = Buffer, V = Buffer> implements AsyncDisposable {
  readonly #cluster: Cluster
  readonly #topics: readonly string[]
  readonly #options: ReadOptions
  readonly #codecs: RecordCodecs<K, V>
  readonly #fetcher: Fetcher
  readonly #open = new Map<FetchPartition, ReadRange>()
  #decoder: { readonly decoder: ChunkDecoder<K, V>; readonly from: FetchPartition } | null = null
  #starting: Promise<void> | null = null
  #ranges: readonly ReadRange[] = []
  #isClosed = false

  /** Made by `client.read()` and `topic.read()`. */
  constructor(
    cluster: Cluster,
    topics: string | readonly string[],
    options: ReadOptions = {},
    codecs: RecordCodecs<K, V> = {},
  ) {
    refuseUnknownOptions('read', options, OPTION_NAMES)
    checkPosition('from', options.from ?? 'beginning')
    if (options.until !== undefined) checkPosition('until', options.until)
    choiceOption('follow', options.follow, [true, false], false)
    checkPartitions(options.partitions)
    checkSignal(options.signal)
    this.#cluster = cluster
    this.#topics = topicNames(topics)
    this.#options = options
    this.#codecs = codecs
    const readAheadBytes = integerOption('readAheadBytes', options.readAheadBytes, LIMITS.readAheadBytes)
    this.#fetcher = new Fetcher(cluster, {
      readAheadBytes,
      partitionBytes: Math.min(LIMITS.partitionBytes, readAheadBytes),
      maxWaitMs: LIMITS.fetchWaitMs,
      minBytes: 1,
      isolation: isolationOption(options.isolation),
      giveUpAfterMs: options.follow ? Number.POSITIVE_INFINITY : cluster.settings.apiTimeoutMs,
    })
  }

  /** What is read of each partition, as the options turned out: `[start, end)`. Starts the reading. */
  async ranges(): Promise<readonly ReadRange[]> {
    this.#starting ??= this.#start()
    await this.#starting
    return this.#ranges
  }

  /** The next records of one partition, never none; null at the end. */
  async nextBatch(): Promise<ConsumerRecord<K | null, V | null>[] | null> {
    this.#starting ??= this.#start()
    await this.#starting
    while (!this.#isClosed) {
      const records = this.#decodeNext()
      if (records === null) {
        if (this.#open.size === 0) await this.close()
        else await this.#fetchMore()
      } else if (records.length > 0) {
        this.#cluster.settings.counters.recordsRead += records.length
        return records
      }
    }
    return null
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord<K | null, V | null>, void, void> {
    try {
      for (let batch = await this.nextBatch(); batch !== null; batch = await this.nextBatch()) {
        for (const record of batch) yield record
      }
    } finally {
      await this.close()
    }
  }

  /** Ends the reading; a `nextBatch()` that waits resolves to null. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#decoder = null
    this.#fetcher.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  readonly #onAbort = (): void => void this.close()

  async #start(): Promise<void> {
    const { signal } = this.#options
    if (signal?.aborted) return this.close()
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    const { from = 'beginning', until, follow = false, isolation = 'read_committed' } = this.#options
    const partitions = await this.#partitions()
    const ranges = await resolveRanges(this.#cluster, partitions, { from, until, follow, isolation })
    this.#ranges = ranges
    for (const range of ranges) {
      if (range.start >= range.end) continue
      const partition = new FetchPartition(range.topic, range.partition, range.start)
      this.#open.set(partition, range)
      this.#fetcher.add(partition)
    }
  }

  async #partitions(): Promise<TopicPartition[]> {
    const topics = await Promise.all(this.#topics.map((name) => this.#topic(name)))
    return topics.flatMap((topic) => {
      const wanted = this.#options.partitions ?? topic.partitions.map(({ partition }) => partition)
      for (const partition of wanted) {
        if (topic.partitions[partition] !== undefined) continue
        const message = `topic "${topic.name}" has ${topic.partitions.length} partitions, and no partition ${partition}`
        throw new ClientError('UNKNOWN_PARTITION', message)
      }
      return [...new Set(wanted)].map((partition) => ({ topic: topic.name, partition }))
    })
  }

  #topic(name: string): Promise<TopicMetadata> {
    const { clock, retryBackoffMs, retryBackoffMaxMs, apiTimeoutMs } = this.#cluster.settings
    const bounds = { retryBackoffMs, retryBackoffMaxMs, timeoutMs: apiTimeoutMs, what: `topic "${name}"` }
    return retry(clock, bounds, () => this.#cluster.metadata.topic(name, { mayCreate: false }))
  }

  /** The next records of the chunk at hand that lie in the range, perhaps none; null when there is no chunk. */
  #decodeNext(): ConsumerRecord<K | null, V | null>[] | null {
    const current = this.#decoder
    if (current === null) return null
    const range = this.#open.get(current.from)
    if (current.decoder.isDone || range === undefined) {
      this.#decoder = null
      return []
    }
    const { records, nextOffset, isAtEnd } = current.decoder.next()
    if (nextOffset >= range.end || isAtEnd) this.#finish(current.from)
    return records
  }

  async #fetchMore(): Promise<void> {
    const fetched = this.#fetcher.take()
    if (fetched === null) await this.#fetcher.whenReady()
    else if (fetched.kind === 'chunk') {
      const { from, chunk } = fetched
      this.#decoder = { decoder: new ChunkDecoder(chunk, this.#codecs, this.#open.get(from)), from }
    } else if (fetched.kind === 'cut') {
      // What stands behind the cut was not there when it was read: it is read as new.
      this.#fetcher.seek(fetched.from, fetched.offset)
    } else if (fetched.error instanceof ClientError && fetched.error.code === 'OFFSET_OUT_OF_RANGE') {
      await this.#backIntoRange(fetched.from)
    } else {
      throw fetched.error
    }
  }

  /**
   * Retention may delete records while somebody reads them: a reader from the beginning goes on where
   * the log begins now. Whoever asked for a certain offset is told what there is instead.
   */
  async #backIntoRange(from: FetchPartition): Promise<void> {
    const { topic, partition } = from
    const queries = [EARLIEST, LATEST].map((timestamp) => ({ topic, partition, timestamp }))
    const isolation = this.#options.isolation ?? 'read_committed'
    const [first, last] = await lookUpOffsets(this.#cluster, queries, { isolation })
    if (first === undefined || last === undefined) return
    const isDeleted = from.fetchOffset < first.offset
    if (isDeleted && (this.#options.from ?? 'beginning') === 'beginning') {
      this.#fetcher.seek(from, first.offset)
      return
    }
    const message = `${topic}/${partition} has offsets ${first.offset} to ${last.offset - 1}, not ${from.fetchOffset}`
    throw new ClientError(
      'OFFSET_OUT_OF_RANGE',
      last.offset > first.offset ? message : `${topic}/${partition} is empty`,
    )
  }

  #finish(partition: FetchPartition): void {
    this.#open.delete(partition)
    this.#fetcher.remove(partition)
  }
}

function topicNames(given: string | readonly string[]): readonly string[] {
  const names: unknown = typeof given === 'string' ? [given] : given
  if (!Array.isArray(names)) throw invalidOption('topics', given, 'the name of a topic, or several')
  return [...new Set(names.map((name) => requiredName('topic', name)))]
}

function checkPartitions(given: readonly number[] | undefined): void {
  if (given === undefined) return
  const isList = Array.isArray(given) && given.every((one) => Number.isSafeInteger(one) && one >= 0)
  if (!isList) throw invalidOption('partitions', given, 'an array of partition numbers')
}
