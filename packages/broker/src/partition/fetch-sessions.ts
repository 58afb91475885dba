import type { Clock } from '@millrace/log-core'
import { ErrorCode, type FetchRequest } from '@millrace/protocol'
import { type FetchedPartition, type FetchTarget, fetchTargetsOf } from './fetch-target.ts'

/** "No session": asked for by clients that want none, told when there is none. */
const NO_SESSION_ID = 0
/** Opens a session (and closes the one that is named). */
const INITIAL_EPOCH = 0
/** No session from here on (and closes the one that is named). */
const FINAL_EPOCH = -1
const MAX_EPOCH = 2 ** 31 - 1
/** Kafka's: a full cache gives a slot away only when its session was silent for so long. */
const EVICT_AFTER_MS = 120_000

/** A partition of a session, and what its client was told last. */
interface SessionPartition extends FetchTarget {
  toldHighWatermark: number
  toldLastStableOffset: number
  toldLogStartOffset: number
}

interface FetchSession {
  readonly id: number
  readonly usesTopicIds: boolean
  /** The epoch that the next request must have. */
  epoch: number
  lastUsedMs: number
  /** By topic and index. Its order is the order of reading: who was given bytes goes to the end. */
  readonly partitions: Map<string, SessionPartition>
}

/** What a request reads, and what of the outcome its client is to be told. */
export interface FetchContext {
  /** Top level; with an error nothing is read, and nothing else is told. */
  readonly errorCode: number
  readonly sessionId: number
  readonly targets: readonly FetchTarget[]
  /** The partitions that belong into the answer, as indexes of `targets`. */
  select(fetched: readonly FetchedPartition[]): number[]
}

export interface FetchSessionsOptions {
  readonly maxSessions: number
  readonly maxPartitions: number
  readonly clock: Clock
  /** From 0 to 1: where session ids begin, so that a restarted broker does not take an old id for a new one. */
  readonly random: () => number
}

/**
 * Incremental fetch sessions (KIP-227, trap 14): the broker remembers what a client fetches, so that requests
 * and answers carry changes only. Bounded: when the cache is full, a client gets session id 0 and sends
 * everything each time.
 */
export class FetchSessions {
  readonly #options: FetchSessionsOptions
  /** In order of last use, the oldest first. */
  readonly #sessions = new Map<number, FetchSession>()
  #partitionCount = 0

  constructor(options: FetchSessionsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Finds or opens the request's session and brings it up to date. */
  begin(request: FetchRequest, apiVersion: number): FetchContext {
    const { sessionId, sessionEpoch } = request
    const usesTopicIds = apiVersion >= 13
    if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
      this.#close(sessionId)
      const targets = fetchTargetsOf(request.topics)
      const session = sessionEpoch === INITIAL_EPOCH ? this.#open(targets, usesTopicIds) : null
      return session === null ? everything(targets) : this.#full(session)
    }
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return failed(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
    if (session.usesTopicIds !== usesTopicIds) return failed(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
    if (session.epoch !== sessionEpoch) return failed(ErrorCode.INVALID_FETCH_SESSION_EPOCH)
    if (!this.#update(session, request)) {
      this.#close(sessionId)
      return failed(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
    }
    this.#use(session)
    return this.#incremental(session)
  }

  #open(targets: readonly FetchTarget[], usesTopicIds: boolean): FetchSession | null {
    const { clock, maxPartitions, maxSessions, random } = this.#options
    const isRoom = this.#sessions.size < maxSessions || this.#evict()
    if (targets.length === 0 || !isRoom || this.#partitionCount + targets.length > maxPartitions) return null
    let id = NO_SESSION_ID
    while (id === NO_SESSION_ID || this.#sessions.has(id)) id = Math.floor(random() * (2 ** 31 - 1))
    const partitions = new Map(targets.map((target) => [keyOf(target, usesTopicIds), untold(target)]))
    const session = { id, usesTopicIds, epoch: 1, lastUsedMs: clock.monotonicMs(), partitions }
    this.#sessions.set(id, session)
    this.#partitionCount += partitions.size
    return session
  }

  #evict(): boolean {
    for (const oldest of this.#sessions.values()) {
      if (this.#options.clock.monotonicMs() - oldest.lastUsedMs < EVICT_AFTER_MS) return false
      this.#close(oldest.id)
      return true
    }
    return false
  }

  #close(id: number): void {
    const session = this.#sessions.get(id)
    if (session === undefined) return
    this.#sessions.delete(id)
    this.#partitionCount -= session.partitions.size
  }

  #use(session: FetchSession): void {
    session.lastUsedMs = this.#options.clock.monotonicMs()
    session.epoch = nextEpoch(session.epoch)
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
  }

  /** Takes in what the request adds, changes and forgets. False: there is no room for it. */
  #update(session: FetchSession, request: FetchRequest): boolean {
    const { partitions, usesTopicIds } = session
    const before = partitions.size
    for (const target of fetchTargetsOf(request.topics)) {
      const key = keyOf(target, usesTopicIds)
      const known = partitions.get(key)
      if (known === undefined) partitions.set(key, untold(target))
      else Object.assign(known, target)
    }
    for (const { topic, topicId, partitions: indexes } of request.forgottenTopicsData) {
      for (const index of indexes) partitions.delete(keyOf({ topic, topicId, index }, usesTopicIds))
    }
    this.#partitionCount += partitions.size - before
    return this.#partitionCount <= this.#options.maxPartitions
  }

  /** The first answer of a session tells every partition, and is remembered. */
  #full(session: FetchSession): FetchContext {
    const targets = [...session.partitions.values()]
    return {
      errorCode: ErrorCode.NONE,
      sessionId: session.id,
      targets,
      select: (fetched) => {
        fetched.forEach((partition, index) => {
          const target = targets[index]
          if (target !== undefined) remember(target, partition)
        })
        return targets.map((_, index) => index)
      },
    }
  }

  /** Later answers tell what has records, an error, or other offsets than were told last. */
  #incremental(session: FetchSession): FetchContext {
    const targets = [...session.partitions.values()]
    return {
      errorCode: ErrorCode.NONE,
      sessionId: session.id,
      targets,
      select: (fetched) => {
        const told: number[] = []
        fetched.forEach((partition, index) => {
          const target = targets[index]
          if (target === undefined || !isNews(target, partition)) return
          told.push(index)
          remember(target, partition)
          if (partition.records.length > 0) moveToEnd(session, target)
        })
        return told
      },
    }
  }
}

/** 0 opens a session, so it is left out when the epochs begin again. */
export function nextEpoch(epoch: number): number {
  return epoch === MAX_EPOCH ? 1 : epoch + 1
}

function everything(targets: readonly FetchTarget[]): FetchContext {
  return {
    errorCode: ErrorCode.NONE,
    sessionId: NO_SESSION_ID,
    targets,
    select: () => targets.map((_, index) => index),
  }
}

function failed(errorCode: number): FetchContext {
  return { errorCode, sessionId: NO_SESSION_ID, targets: [], select: () => [] }
}

function keyOf(target: Pick<FetchTarget, 'topic' | 'topicId' | 'index'>, usesTopicIds: boolean): string {
  return `${usesTopicIds ? target.topicId : target.topic}/${target.index}`
}

function untold(target: FetchTarget): SessionPartition {
  return {
    ...target,
    toldHighWatermark: -1,
    toldLastStableOffset: -1,
    toldLogStartOffset: -1,
  }
}

function isNews(target: SessionPartition, { errorCode, ...partition }: FetchedPartition): boolean {
  return (
    errorCode !== ErrorCode.NONE ||
    partition.records.length > 0 ||
    partition.divergingEpoch !== undefined ||
    partition.highWatermark !== target.toldHighWatermark ||
    partition.lastStableOffset !== target.toldLastStableOffset ||
    partition.logStartOffset !== target.toldLogStartOffset
  )
}

/** With an error no offsets are told (-1), so that what comes after it is news again. */
function remember(target: SessionPartition, partition: FetchedPartition): void {
  target.toldHighWatermark = partition.highWatermark
  target.toldLastStableOffset = partition.lastStableOffset
  target.toldLogStartOffset = partition.logStartOffset
}

/** Trap 12: who was given bytes waits behind the others next time. */
function moveToEnd(session: FetchSession, target: SessionPartition): void {
  const key = keyOf(target, session.usesTopicIds)
  if (session.partitions.get(key) !== target) return
  session.partitions.delete(key)
  session.partitions.set(key, target)
}
