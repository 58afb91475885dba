import { strict as assert } from 'node:assert'
import {
  type ConsumerGroupHeartbeatResponseInput,
  ErrorCode,
  type OffsetCommitResponseInput,
} from '@millrace/protocol'
import type { OffsetFetchGroupResponse } from '../group-event.ts'
import {
  type ConsumerTraits,
  type ConsumerWorld,
  type Participant,
  SIMULATED_GROUP,
  SIMULATED_TOPIC,
  SimulatedLine,
} from './simulated-line.ts'

const HEARTBEAT_MS = 1_000

type Owned = { topicId: string; partitions: number[] }[]

/**
 * A consumer of the KIP-848 protocol as clients are built: heartbeats all the time, lets go of partitions before it
 * says so, commits before it lets go, starts over with nothing when it is fenced.
 */
export class SimulatedModernConsumer implements Participant {
  readonly traits: ConsumerTraits
  readonly memberId: string
  isGone = false
  #epoch = 0
  #topicId = ''
  #subscriptionVersion = 0
  /** What it has yet to say; all of it when it joins or is not sure of what was heard. */
  #mustSayAll = true
  /** Letting go of partitions takes a while, in which nothing is said of it. */
  #isRevoking = false
  /**
   * One heartbeat is under way at a time. The broker takes what one says it owns for all that there is, so one that left
   * before the answer to another arrived would give away what that answer brings.
   */
  #isAnswerAwaited = false
  /** Of the heartbeats that are to be sent after a while only the last counts. */
  #lastBeat = 0
  readonly #positions = new Map<number, number | null>()
  readonly #world: ConsumerWorld
  readonly #line: SimulatedLine
  /** Answers and timers of an older attempt are not for this one any more. */
  #attempt = 0

  constructor(world: ConsumerWorld, traits: ConsumerTraits, memberId: string) {
    this.#world = world
    this.traits = traits
    this.memberId = memberId
    this.#line = new SimulatedLine(world, traits.name, () => this.#reconnected())
  }

  get partitions(): readonly number[] {
    return [...this.#positions.keys()]
  }

  isSettled(epoch: number): boolean {
    return this.#epoch === epoch && !this.#isRevoking
  }

  join(): void {
    if (this.isGone) return
    this.#epoch = 0
    this.#abandonEverything()
    this.#startBeating()
  }

  leave(): void {
    // Static members mean to be back.
    const memberEpoch = this.traits.groupInstanceId === null ? -1 : -2
    this.#heartbeat({ memberEpoch }, () => {})
    this.vanish()
  }

  vanish(): void {
    this.isGone = true
    this.#attempt++
    this.#positions.clear()
  }

  freeze(durationMs: number): void {
    this.#line.freeze(durationMs)
  }

  resubscribe(): void {
    this.#subscriptionVersion++
    this.#mustSayAll = true
  }

  #reconnected(): void {
    if (this.isGone) return
    this.#mustSayAll = true
    this.#startBeating()
    this.#consume(this.#attempt)
  }

  #abandonEverything(): void {
    this.#positions.clear()
    this.#isRevoking = false
    this.#mustSayAll = true
  }

  #startBeating(): void {
    this.#isAnswerAwaited = false
    this.#beat(++this.#attempt)
  }

  #beatAfter(delayMs: number, attempt: number): void {
    const beat = ++this.#lastBeat
    this.#line.later(delayMs, () => {
      if (beat === this.#lastBeat) this.#beat(attempt)
    })
  }

  #beat(attempt: number): void {
    if (attempt !== this.#attempt || this.isGone || this.#isAnswerAwaited) return
    this.#isAnswerAwaited = true
    const said = this.#mustSayAll ? this.#subscription() : {}
    const topicPartitions = this.#mustSayAll || !this.#isRevoking ? this.#owned() : null
    const wasJoining = this.#epoch === 0
    this.#heartbeat({ memberEpoch: this.#epoch, topicPartitions, ...said }, (answer) => {
      if (attempt !== this.#attempt) return
      this.#isAnswerAwaited = false
      if (answer.errorCode !== ErrorCode.NONE) {
        this.#recover(answer.errorCode)
        return
      }
      this.#mustSayAll = false
      this.#epoch = answer.memberEpoch
      if (answer.assignment !== null && answer.assignment !== undefined)
        this.#assigned(answer.assignment.topicPartitions)
      if (wasJoining) this.#consume(attempt)
      this.#beatAfter(HEARTBEAT_MS, attempt)
    })
  }

  /** Partitions that are not in it any more are given back after a last commit; new ones are read from what was committed. */
  #assigned(topics: readonly { readonly topicId: string; readonly partitions: readonly number[] }[]): void {
    this.#topicId = topics[0]?.topicId ?? this.#topicId
    const target = new Set(topics.flatMap(({ partitions }) => partitions))
    const revoked = this.partitions.filter((partition) => !target.has(partition))
    const added = [...target].filter((partition) => !this.#positions.has(partition))
    for (const partition of added) {
      this.#world.ledger.taken({ memberId: this.memberId, partition })
      this.#fetch(partition)
    }
    if (revoked.length === 0) return
    const attempt = this.#attempt
    this.#isRevoking = true
    this.#commit(attempt)
    this.#line.later(this.#world.time.prng.between(0, 300), () => {
      if (attempt !== this.#attempt) return
      for (const partition of revoked) this.#positions.delete(partition)
      this.#isRevoking = false
      this.#beatAfter(0, attempt)
    })
  }

  #fetch(partition: number): void {
    this.#positions.set(partition, null)
    const attempt = this.#attempt
    const topics = [{ name: SIMULATED_TOPIC, partitionIndexes: [partition] }]
    const group = { groupId: SIMULATED_GROUP, memberId: null, memberEpoch: -1, topics }
    this.#line.ask(
      9,
      (token, origin) => ({ kind: 'offset-fetch', token, origin, group, requireStable: false }),
      (reply) => {
        const committed = (reply as OffsetFetchGroupResponse).topics[0]?.partitions[0]?.committedOffset ?? -1
        const isStillWanted = attempt === this.#attempt && this.#positions.get(partition) === null
        if (isStillWanted) this.#positions.set(partition, Math.max(0, committed))
      },
    )
  }

  #consume(attempt: number): void {
    if (attempt !== this.#attempt || this.isGone) return
    const { prng } = this.#world.time
    for (const [partition, position] of this.#positions) {
      if (position !== null) this.#positions.set(partition, position + prng.between(0, 9))
      else if (prng.chance(0.2)) this.#fetch(partition)
    }
    this.#commit(attempt)
    this.#line.later(prng.between(50, 2_000), () => this.#consume(attempt))
  }

  #commit(attempt: number): void {
    const partitions = [...this.#positions].flatMap(([partitionIndex, position]) =>
      position === null
        ? []
        : [{ partitionIndex, committedOffset: position, committedLeaderEpoch: -1, committedMetadata: null }],
    )
    if (partitions.length === 0) return
    const request = {
      groupId: SIMULATED_GROUP,
      generationIdOrMemberEpoch: this.#epoch,
      memberId: this.memberId,
      groupInstanceId: this.traits.groupInstanceId,
      retentionTimeMs: -1,
      topics: [{ name: SIMULATED_TOPIC, topicId: '', partitions }],
    }
    this.#line.ask(
      9,
      (token, origin) => ({ kind: 'offset-commit', token, origin, request }),
      (reply) => {
        const results = (reply as OffsetCommitResponseInput).topics[0]?.partitions ?? []
        const done = new Set(
          results.filter(({ errorCode }) => errorCode === 0).map(({ partitionIndex }) => partitionIndex),
        )
        this.#world.ledger.committed(partitions.filter(({ partitionIndex }) => done.has(partitionIndex)))
        if (attempt === this.#attempt) assert(results.length > 0)
      },
    )
  }

  #recover(errorCode: number): void {
    switch (errorCode) {
      case ErrorCode.FENCED_INSTANCE_ID:
      case ErrorCode.UNRELEASED_INSTANCE_ID:
      case ErrorCode.GROUP_MAX_SIZE_REACHED:
      // The group is the classic members' again, or is gone: fatal in Java's client too.
      case ErrorCode.GROUP_ID_NOT_FOUND:
        this.vanish()
        break
      case ErrorCode.UNKNOWN_MEMBER_ID:
      case ErrorCode.FENCED_MEMBER_EPOCH:
        this.#abandonEverything()
        this.#epoch = 0
        this.#attempt++
        this.#line.later(100, () => this.join())
        break
      default:
        assert.fail(`no client expects error ${errorCode} here`)
    }
  }

  #heartbeat(
    said: { memberEpoch: number; topicPartitions?: Owned | null; subscribedTopicNames?: string[] },
    answered: (answer: ConsumerGroupHeartbeatResponseInput) => void,
  ): void {
    const request = {
      groupId: SIMULATED_GROUP,
      memberId: this.memberId,
      instanceId: this.traits.groupInstanceId,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: null,
      ...said,
    }
    this.#line.ask(
      1,
      (token, origin) => ({ kind: 'consumer-heartbeat', token, origin, request }),
      (reply) => answered(reply as ConsumerGroupHeartbeatResponseInput),
    )
  }

  #owned(): Owned {
    return this.#positions.size === 0 ? [] : [{ topicId: this.#topicId, partitions: [...this.partitions] }]
  }

  #subscription() {
    const wish = `wish-${this.#subscriptionVersion}`
    const rebalanceTimeoutMs = Math.max(this.traits.rebalanceTimeoutMs, 5_000)
    return this.traits.usesRegex
      ? { rebalanceTimeoutMs, subscribedTopicNames: [], subscribedTopicRegex: `${SIMULATED_TOPIC}|${wish}` }
      : { rebalanceTimeoutMs, subscribedTopicNames: [SIMULATED_TOPIC, wish], subscribedTopicRegex: '' }
  }
}
