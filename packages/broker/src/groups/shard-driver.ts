import { strict as assert } from 'node:assert'
import {
  CoordinatorShard,
  type GroupEffect,
  type GroupEvent,
  type GroupReply,
  type RequestToken,
  type ShardGroupFacts,
  type ShardSurroundings,
} from '@millrace/consumer-groups'
import type { Clock, Timer } from '@millrace/log-core'
import { ErrorCode } from '@millrace/protocol'
import type { Logger } from '../observability.ts'
import type { GroupOffsetsLog } from './group-offsets-log.ts'
import { GroupTimers } from './group-timers.ts'
import { RecordQueue } from './record-queue.ts'

/** Loading lets others run after this many records, and at most a batch more: a million of them must not hold up a heartbeat elsewhere. */
const RECORDS_PER_TURN = 2_000
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 30_000

export interface ShardDriverOptions {
  readonly partition: number
  readonly offsetsLog: GroupOffsetsLog
  readonly clock: Clock
  readonly logger: Logger
  readonly surroundings: ShardSurroundings
}

/** Whoever asked, until the answer is there. */
interface Asker {
  readonly answer: (reply: GroupReply) => void
  readonly refuse: (errorCode: number) => void
}

interface WaitingReply {
  /** It leaves when this many records of the shard are durable. */
  readonly sequence: number
  readonly token: RequestToken
  readonly reply: GroupReply
}

/**
 * Runs the shard of one partition: feeds it events, performs its effects.
 *
 * A reply leaves when every record that the shard had queued by then is durable (G2). What is queued in one turn of the
 * loop is one append, and none waits for the one before it: the log writes them in their order, and one sync makes durable
 * whatever was written before it began. When one fails, what the shard knows may differ from what the log holds: the
 * shard is dropped, whoever waits is told NOT_COORDINATOR, and it is loaded again.
 */
export class ShardDriver {
  readonly #options: ShardDriverOptions
  readonly #timers: GroupTimers
  readonly #queue = new RecordQueue()
  readonly #askers = new Map<RequestToken, Asker>()
  readonly #waitingReplies: WaitingReply[] = []
  /** null while it is loading, and for good after `close`. */
  #shard: CoordinatorShard | null = null
  #lastToken = 0
  #queuedCount = 0
  #durableCount = 0
  #isFlushScheduled = false
  /** Settled when every append that was made so far is, whatever came of it. */
  #appended: Promise<unknown> = Promise.resolve()
  /** Rises when the shard is dropped: what comes of an append of an earlier life is nobody's business any more. */
  #life = 0
  #isClosed = false
  #refusal: number = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
  #retryTimer: Timer | null = null
  #loading: Promise<void> = Promise.resolve()

  constructor(options: ShardDriverOptions) {
    this.#options = options
    this.#timers = new GroupTimers(options.clock, (timer) => this.#step({ kind: 'timer-fired', timer }))
  }

  get partition(): number {
    return this.#options.partition
  }

  /** The loaded shard, for reading only; null while it is loading. */
  get shard(): CoordinatorShard | null {
    return this.#shard
  }

  /** What is known of a group, for people; null when there is none, or the shard is loading. */
  facts(groupId: string): ShardGroupFacts | null {
    const nowMs = this.#options.clock.nowMs()
    return this.#shard?.facts(groupId, { nowMs, leftMs: (timer) => this.#timers.leftMs(timer) }) ?? null
  }

  /** Starts loading, if it is not loaded or loading already; resolves when that has ended, well or not. */
  load(): Promise<void> {
    this.#loading = this.#load(FIRST_RETRY_MS)
    return this.#loading
  }

  /** Asks the shard. `refuse` says in the request's terms why there is no answer. Never rejects. */
  request<Reply>(
    event: (token: RequestToken) => GroupEvent,
    refuse: (errorCode: number) => Reply,
  ): Promise<Reply> {
    if (this.#shard === null) return Promise.resolve(refuse(this.#refusal))
    const token = ++this.#lastToken as RequestToken
    return new Promise((resolve) => {
      this.#askers.set(token, {
        // The shard answers an event with the reply of its kind: `GroupReplies` is the table.
        answer: (reply) => resolve(reply as Reply),
        refuse: (errorCode) => resolve(refuse(errorCode)),
      })
      this.#step(event(token))
    })
  }

  /** Something happened that nobody waits for. Nothing while the shard is not loaded. */
  notify(event: GroupEvent): void {
    if (this.#shard !== null) this.#step(event)
  }

  /** What is queued becomes durable, or its askers are refused. Then nothing runs any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#retryTimer?.cancel()
    await this.#loading
    this.#timers.cancelAll()
    while (!this.#queue.isEmpty) this.#append()
    await this.#appended
    this.#drop(ErrorCode.NOT_COORDINATOR)
    this.#refusal = ErrorCode.NOT_COORDINATOR
  }

  #step(event: GroupEvent): void {
    const shard = this.#shard
    if (shard === null) return
    const nowMs = this.#options.clock.nowMs()
    this.#perform(shard.step(event, nowMs), nowMs)
  }

  #perform(effects: readonly GroupEffect[], nowMs: number): void {
    const records = effects.flatMap((effect) => (effect.kind === 'persist' ? [effect.record] : []))
    if (records.length > 0) {
      this.#queue.add(records, nowMs)
      this.#queuedCount += records.length
      this.#flushAtEndOfTurn()
    }
    for (const effect of effects) {
      switch (effect.kind) {
        case 'persist':
          break
        case 'reply':
          this.#replyWhenDurable(effect.token, effect.reply)
          break
        case 'arm-timer':
          this.#timers.arm(effect.timer, effect.delayMs)
          break
        case 'cancel-timer':
          this.#timers.cancel(effect.timer)
          break
      }
    }
  }

  #replyWhenDurable(token: RequestToken, reply: GroupReply): void {
    if (this.#queuedCount === this.#durableCount) this.#answer(token, reply)
    else this.#waitingReplies.push({ sequence: this.#queuedCount, token, reply })
  }

  #answer(token: RequestToken, reply: GroupReply): void {
    const asker = this.#askers.get(token)
    assert(asker !== undefined, 'a request is answered once')
    this.#askers.delete(token)
    asker.answer(reply)
  }

  /** Commits that arrive in one turn of the loop share one append. */
  #flushAtEndOfTurn(): void {
    if (this.#isFlushScheduled) return
    this.#isFlushScheduled = true
    this.#options.clock.endOfTurn(() => {
      this.#isFlushScheduled = false
      if (!this.#queue.isEmpty) this.#append()
      // What did not fit goes out a turn later: by then it is known whether the log took what is before it.
      if (!this.#queue.isEmpty) this.#flushAtEndOfTurn()
    })
  }

  #append(): void {
    const { offsetsLog, partition, surroundings } = this.#options
    const batch = this.#queue.takeBatch(surroundings.config.maxPersistedBytes)
    const life = this.#life
    const settled = offsetsLog.append(partition, batch).then(
      () => {
        if (life !== this.#life) return
        this.#durableCount += batch.length
        this.#releaseReplies()
      },
      (error: unknown) => {
        if (life === this.#life) this.#appendFailed(error)
      },
    )
    this.#appended = Promise.all([this.#appended, settled])
  }

  #releaseReplies(): void {
    let count = 0
    while ((this.#waitingReplies[count]?.sequence ?? Number.POSITIVE_INFINITY) <= this.#durableCount) count++
    for (const { reply, token } of this.#waitingReplies.splice(0, count)) this.#answer(token, reply)
  }

  #appendFailed(error: unknown): void {
    const { logger, partition } = this.#options
    logger.error({ partition, error: String(error) }, 'groups: an append failed, loading the partition again')
    this.#drop(ErrorCode.NOT_COORDINATOR)
    if (!this.#isClosed) this.#loading = this.#load(FIRST_RETRY_MS)
  }

  #drop(errorCode: number): void {
    this.#life++
    this.#shard = null
    this.#timers.cancelAll()
    this.#queue.clear()
    this.#waitingReplies.length = 0
    this.#queuedCount = 0
    this.#durableCount = 0
    const askers = [...this.#askers.values()]
    this.#askers.clear()
    for (const { refuse } of askers) refuse(errorCode)
  }

  async #load(retryMs: number): Promise<void> {
    const { clock, logger, partition, surroundings } = this.#options
    this.#refusal = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    const shard = new CoordinatorShard(surroundings)
    try {
      // After a failure: nothing that is still on its way may arrive behind what is read.
      await this.#appended
      await this.#replayInto(shard)
    } catch (error) {
      this.#refusal = ErrorCode.COORDINATOR_NOT_AVAILABLE
      logger.error(
        { partition, retryMs, error: String(error) },
        'groups: a partition cannot be loaded, trying again',
      )
      this.#retryTimer = clock.after(retryMs, () => {
        this.#loading = this.#load(Math.min(retryMs * 2, LONGEST_RETRY_MS))
      })
      return
    }
    if (this.#isClosed) return
    this.#shard = shard
    this.#step({ kind: 'loaded' })
  }

  async #replayInto(shard: CoordinatorShard): Promise<void> {
    const { clock, offsetsLog, partition } = this.#options
    let count = 0
    for await (const batch of offsetsLog.load(partition)) {
      if (this.#isClosed) return
      for (const { key, value } of batch) if (key !== null) shard.replay(key, value)
      count += batch.length
      if (count < RECORDS_PER_TURN) continue
      count = 0
      await new Promise<void>((resolve) => clock.endOfTurn(resolve))
    }
  }
}
