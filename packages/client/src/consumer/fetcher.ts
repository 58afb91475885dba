import { ErrorCode, fetch, KafkaError } from '@millrace/protocol'
import { CorruptBatchError } from '@millrace/record-batch'
import { ClientError } from '../client-error.ts'
import type { Cluster } from '../cluster.ts'
import { backoffMs } from '../connection/backoff.ts'
import type { Purpose } from '../connection/broker-links.ts'
import { isRetriable } from '../connection/retry.ts'
import { diagnostics } from '../diagnostics.ts'
import type { TopicMetadata } from '../metadata/topic-metadata.ts'
import { resourceError } from '../resource-error.ts'
import type { Timer } from '../time/clock.ts'
import { walkBatches } from './batch-walk.ts'
import type { Chunk } from './chunk-decoder.ts'
import { findCut } from './epoch-check.ts'
import { FetchBuffer, type Fetched, type IsWanted } from './fetch-buffer.ts'
import type { FetchPartition } from './fetch-partition.ts'
import {
  type FetchedPartition,
  type FetchLimits,
  fetchedByPartition,
  fetchRequest,
  fetchVersionCap,
} from './fetch-request.ts'

/** How far a fetcher reads ahead, and how it waits. */
export interface FetcherSettings {
  /** Bytes that were fetched and not yet taken, over all partitions. */
  readonly readAheadBytes: number
  /** Bytes of one partition in one answer. */
  readonly partitionBytes: number
  /** How long a broker holds a fetch that finds nothing, in ms. */
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly isolation: 'read_committed' | 'read_uncommitted'
  /** After so long without success a partition's last error is handed out. Infinity: never. */
  readonly giveUpAfterMs: number
}

/**
 * Pause between fetches that leave out partitions whose buffer is full. Such a fetch must not park
 * at the broker: the full ones would have to wait for its end as soon as their buffer is empty.
 */
const PARTIAL_FETCH_PAUSE_MS = 10

/** Errors after which the metadata is read again and the fetch repeated. */
const LEADER_ERRORS: readonly number[] = [
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.REPLICA_NOT_AVAILABLE,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.OFFSET_NOT_AVAILABLE,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.INCONSISTENT_TOPIC_ID,
]

/**
 * Keeps a bounded stock of batches: one fetch at a time to each leader, the next one sent as soon as
 * there is room, whoever reads. What passes by itself (a lost connection, another leader) is
 * repeated without end; what does not is handed out as an error of its partition.
 */
export class Fetcher {
  readonly #cluster: Cluster
  readonly #settings: FetcherSettings
  readonly #purpose: Purpose
  /** Partitions that got data move to the end, so that none starves (trap 12). */
  readonly #partitions = new Set<FetchPartition>()
  readonly #buffer = new FetchBuffer()
  readonly #leadersInFlight = new Set<number>()
  #isRefreshing = false
  #isScheduled = false
  #isClosed = false
  #timer: Timer | null = null
  #timerAtMs = Number.POSITIVE_INFINITY

  constructor(cluster: Cluster, settings: FetcherSettings) {
    this.#cluster = cluster
    this.#settings = settings
    this.#purpose = `fetch ${cluster.takePurposeNumber()}`
  }

  get partitions(): ReadonlySet<FetchPartition> {
    return this.#partitions
  }

  get bufferedBytes(): number {
    return this.#buffer.sizeBytes
  }

  add(partition: FetchPartition): void {
    this.#partitions.add(partition)
    this.schedule()
  }

  remove(partition: FetchPartition): void {
    this.#partitions.delete(partition)
    partition.positionVersion++
    this.#buffer.dropOutdated()
  }

  seek(partition: FetchPartition, offset: number): void {
    partition.seek(offset)
    this.#buffer.dropOutdated()
    this.schedule()
  }

  /** What is there of partitions that are wanted, oldest first, or null. Paused partitions keep what they have. */
  take(isWanted?: IsWanted): Fetched | null {
    const fetched = this.#buffer.take(isWanted)
    if (fetched !== null) this.schedule()
    return fetched
  }

  /** Resolves when `take()` may have something, at once if it has, or when the fetcher is woken or closed. */
  whenReady(isWanted?: IsWanted): Promise<void> {
    return this.#isClosed ? Promise.resolve() : this.#buffer.whenReady(isWanted)
  }

  /** Wakes whoever waits for data, to look at something else. */
  wake(): void {
    this.#buffer.wake()
  }

  /** Looks at the end of this turn what can be fetched. */
  schedule(): void {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    this.#cluster.settings.clock.endOfTurn(() => {
      this.#isScheduled = false
      if (!this.#isClosed) this.#pump()
    })
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#cluster.links.closePurpose(this.#purpose)
    this.#buffer.clear()
  }

  #pump(): void {
    if (this.#buffer.sizeBytes >= this.#settings.readAheadBytes) return
    const nowMs = this.#cluster.settings.clock.monotonicMs()
    const byLeader = new Map<number, { wanted: FetchPartition[]; isPartial: boolean }>()
    for (const partition of this.#partitions) {
      if (partition.isPaused || partition.isFailed) continue
      const leader = this.#leader(partition)
      if (leader < 0) {
        this.#refresh()
        continue
      }
      if (this.#mustCheckEpoch(partition, leader)) continue
      const group = byLeader.get(leader) ?? { wanted: [], isPartial: false }
      byLeader.set(leader, group)
      if (partition.notBeforeMs > nowMs) this.#wakeAt(partition.notBeforeMs)
      else if (partition.bufferedBytes >= this.#settings.partitionBytes) group.isPartial = true
      else group.wanted.push(partition)
    }
    for (const [leader, { wanted, isPartial }] of byLeader) {
      if (wanted.length > 0 && !this.#leadersInFlight.has(leader)) void this.#fetch(leader, wanted, isPartial)
    }
  }

  /** Under a new leader epoch it is asked first whether the log still has what was read. */
  #mustCheckEpoch(partition: FetchPartition, leader: number): boolean {
    const epoch =
      this.#cluster.metadata.cached(partition.topic)?.partitions[partition.partition]?.leaderEpoch ?? -1
    if (partition.checkedEpoch < 0 || partition.lastFetchedEpoch < 0) partition.checkedEpoch = epoch
    if (epoch <= partition.checkedEpoch) return false
    if (!partition.isCheckingEpoch) void this.#checkEpoch(partition, leader, epoch)
    return true
  }

  async #checkEpoch(partition: FetchPartition, nodeId: number, epoch: number): Promise<void> {
    const { positionVersion } = partition
    partition.isCheckingEpoch = true
    try {
      const cut = await findCut(this.#cluster, partition, { nodeId, epoch, purpose: this.#purpose })
      if (this.#isClosed || partition.positionVersion !== positionVersion) return
      partition.checkedEpoch = epoch
      if (cut === null) return
      const { topic, partition: number, fetchOffset } = partition
      diagnostics.logCut({ topic, partition: number, offset: cut, readUpTo: fetchOffset })
      partition.isFailed = true
      this.#buffer.put({ kind: 'cut', from: partition, offset: cut }, 0)
    } catch (error) {
      if (!this.#isClosed) this.#failed(partition, toError(error))
    } finally {
      partition.isCheckingEpoch = false
      this.schedule()
    }
  }

  async #fetch(leader: number, wanted: readonly FetchPartition[], isPartial: boolean): Promise<void> {
    this.#leadersInFlight.add(leader)
    const versions = wanted.map(({ positionVersion }) => positionVersion)
    const limits: FetchLimits = {
      ...this.#settings,
      maxWaitMs: isPartial ? 0 : this.#settings.maxWaitMs,
      maxBytes: this.#settings.readAheadBytes - this.#buffer.sizeBytes,
    }
    const topics = this.#topicsOf(wanted)
    const capVersion = fetchVersionCap(topics)
    try {
      const answer = await this.#cluster.send(
        { nodeId: leader },
        fetch,
        fetchRequest(wanted, topics, limits),
        {
          purpose: this.#purpose,
          timeoutMs: this.#cluster.settings.requestTimeoutMs + limits.maxWaitMs,
          ...(capVersion === undefined ? {} : { capVersion }),
        },
      )
      if (this.#isClosed) return
      if (answer.errorCode !== ErrorCode.NONE) throw resourceError('Fetch failed', answer.errorCode)
      const fetched = fetchedByPartition(answer, topics)
      for (const [i, partition] of wanted.entries()) {
        if (partition.positionVersion !== versions[i]) continue
        this.#accept(partition, fetched.get(`${partition.topic}/${partition.partition}`), isPartial)
      }
    } catch (error) {
      if (this.#isClosed) return
      for (const [i, partition] of wanted.entries()) {
        if (partition.positionVersion === versions[i]) this.#failed(partition, toError(error))
      }
    } finally {
      this.#leadersInFlight.delete(leader)
      this.schedule()
    }
  }

  #accept(partition: FetchPartition, fetched: FetchedPartition | undefined, isPartial: boolean): void {
    if (fetched === undefined) {
      const seen = `Fetch: no answer for ${partition.topic}/${partition.partition}`
      this.#failed(partition, new ClientError('INVALID_RESPONSE', seen))
      return
    }
    if (fetched.errorCode !== ErrorCode.NONE) {
      this.#failed(partition, fetchError(partition, fetched.errorCode))
      return
    }
    partition.failedAttempts = 0
    partition.failingSinceMs = null
    partition.lastError = null
    partition.highWatermark = fetched.highWatermark
    partition.lastStableOffset = fetched.lastStableOffset
    partition.logStartOffset = fetched.logStartOffset
    const { records } = fetched
    if (records !== null && records.length > 0) this.#acceptRecords(partition, records, fetched)
    else if (isPartial) {
      partition.notBeforeMs = this.#cluster.settings.clock.monotonicMs() + PARTIAL_FETCH_PAUSE_MS
    }
  }

  #acceptRecords(partition: FetchPartition, records: Buffer, fetched: FetchedPartition): void {
    try {
      const { sizeBytes, nextOffset, lastEpoch } = walkBatches(records, partition.fetchOffset)
      const chunk: Chunk = {
        source: partition,
        bytes: records.subarray(0, sizeBytes),
        fromOffset: partition.fetchOffset,
        aborted: [...(fetched.abortedTransactions ?? [])].sort((a, b) => a.firstOffset - b.firstOffset),
      }
      partition.fetchOffset = nextOffset
      partition.lastFetchedEpoch = lastEpoch
      this.#buffer.put({ kind: 'chunk', from: partition, chunk }, sizeBytes)
      this.#partitions.delete(partition)
      this.#partitions.add(partition)
    } catch (error) {
      if (!(error instanceof CorruptBatchError)) throw error
      const message = `${partition.topic}/${partition.partition}: ${error.message}`
      this.#failed(partition, new ClientError('CORRUPT_BATCH', message, { cause: error }))
    }
  }

  #failed(partition: FetchPartition, error: Error): void {
    const { clock } = this.#cluster.settings
    const nowMs = clock.monotonicMs()
    partition.failingSinceMs ??= nowMs
    partition.lastError = error
    const isMoved = error instanceof KafkaError && LEADER_ERRORS.includes(error.code)
    const mayPass = isMoved || isRetriable(error)
    if (mayPass && nowMs - partition.failingSinceMs < this.#settings.giveUpAfterMs) {
      this.#cluster.metadata.markStale(partition.topic)
      partition.notBeforeMs = nowMs + backoffMs(partition.failedAttempts++, this.#cluster.settings, clock)
      return
    }
    partition.isFailed = true
    this.#buffer.put({ kind: 'error', from: partition, error }, 0)
  }

  #leader({ topic, partition }: FetchPartition): number {
    return this.#cluster.metadata.cached(topic)?.partitions[partition]?.leader ?? -1
  }

  #topicsOf(partitions: readonly FetchPartition[]): Map<string, TopicMetadata> {
    const topics = new Map<string, TopicMetadata>()
    for (const { topic } of partitions) {
      const known = this.#cluster.metadata.cached(topic)
      if (known !== undefined) topics.set(topic, known)
    }
    return topics
  }

  /** Reads the metadata of all topics whose leaders are not known. A topic that is gone for good is an error. */
  #refresh(): void {
    if (this.#isRefreshing) return
    this.#isRefreshing = true
    const { clock } = this.#cluster.settings
    const waiting = [...this.#partitions].filter(
      (partition) => !partition.isFailed && this.#leader(partition) < 0,
    )
    const names = [...new Set(waiting.map(({ topic }) => topic))]
    const reads = names.map(async (name) => {
      const concerned = waiting.filter(({ topic }) => topic === name)
      try {
        const topic = await this.#cluster.metadata.topic(name, { mayCreate: false })
        if (concerned.every(({ partition }) => (topic.partitions[partition]?.leader ?? -1) >= 0)) return
        throw new ClientError('NO_LEADER', `a partition of topic "${name}" has no leader`)
      } catch (error) {
        for (const partition of concerned) this.#failed(partition, toError(error))
      }
    })
    void Promise.all(reads).then(() => {
      const pauseMs = Math.max(0, ...waiting.map(({ notBeforeMs }) => notBeforeMs - clock.monotonicMs()))
      clock.after(Math.ceil(pauseMs), () => {
        this.#isRefreshing = false
        this.schedule()
      })
    })
  }

  #wakeAt(atMs: number): void {
    if (atMs >= this.#timerAtMs) return
    const { clock } = this.#cluster.settings
    this.#timer?.cancel()
    this.#timerAtMs = atMs
    this.#timer = clock.after(Math.max(1, Math.ceil(atMs - clock.monotonicMs())), () => {
      this.#timerAtMs = Number.POSITIVE_INFINITY
      this.schedule()
    })
  }
}

function fetchError(partition: FetchPartition, errorCode: number): Error {
  const where = `${partition.topic}/${partition.partition}`
  if (errorCode !== ErrorCode.OFFSET_OUT_OF_RANGE) return resourceError(`Fetch of ${where}`, errorCode)
  return new ClientError('OFFSET_OUT_OF_RANGE', `${where} does not have offset ${partition.fetchOffset}`)
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
