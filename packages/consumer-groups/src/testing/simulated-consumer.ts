import { strict as assert } from 'node:assert'
import {
  ErrorCode,
  type JoinGroupResponseInput,
  type OffsetCommitResponseInput,
  type SyncGroupResponseInput,
} from '@millrace/protocol'
import type {
  GroupEvent,
  GroupReply,
  OffsetFetchGroupResponse,
  RequestOrigin,
  RequestToken,
} from '../group-event.ts'
import type { AssignmentLedger } from './assignment-ledger.ts'
import type { Delivered, Life, SimulatedCoordinator } from './simulated-coordinator.ts'
import type { VirtualTime } from './virtual-time.ts'

/** The group and the topic that every simulated consumer is about. */
export const SIMULATED_GROUP = 'simulated'
export const SIMULATED_TOPIC = 'topic'

export interface ConsumerTraits {
  readonly name: string
  readonly groupInstanceId: string | null
  readonly joinVersion: number
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocols: readonly string[]
}

export interface ConsumerWorld {
  readonly time: VirtualTime
  readonly coordinator: SimulatedCoordinator
  readonly ledger: AssignmentLedger
  readonly partitionCount: number
  /** Longest delay of a message, each way. */
  maxDelayMs: number
  /** Chance that a connection breaks instead of carrying a message. */
  lossChance: number
}

type Phase = 'joining' | 'syncing' | 'stable' | 'gone'

/**
 * A consumer as real clients are built: joins, syncs, sends heartbeats, reads its partitions and commits, and
 * reacts to every error in the way that librdkafka and Java do. It can freeze, vanish, or come back as another.
 */
export class SimulatedConsumer {
  readonly traits: ConsumerTraits
  phase: Phase = 'joining'
  memberId = ''
  generationId = -1
  /** Positions of the partitions it owns; null until they were fetched. */
  readonly positions = new Map<number, number | null>()
  readonly #world: ConsumerWorld
  #metadataVersion = 0
  /** Answers to requests of an older attempt are not for this one any more. */
  #attempt = 0
  /** What is under way when a connection breaks does not arrive after what the next one carries. */
  #connection = 0
  /** On one connection a message cannot overtake the one before it. */
  #lineFreeAtMs = 0
  #frozenUntilMs = 0

  constructor(world: ConsumerWorld, traits: ConsumerTraits) {
    this.#world = world
    this.traits = traits
  }

  get isGone(): boolean {
    return this.phase === 'gone'
  }

  /** Called by name when the ledger complains. */
  get identity(): string {
    return this.traits.groupInstanceId ?? this.memberId
  }

  join(): void {
    if (this.isGone) return
    this.phase = 'joining'
    this.positions.clear()
    const attempt = ++this.#attempt
    const { groupInstanceId, joinVersion, protocols, rebalanceTimeoutMs, sessionTimeoutMs } = this.traits
    const request = {
      groupId: SIMULATED_GROUP,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId: this.memberId,
      groupInstanceId,
      protocolType: 'consumer',
      protocols: protocols.map((name) => ({ name, metadata: subscription(this.#metadataVersion) })),
      reason: null,
    }
    this.#ask(
      joinVersion,
      (token, origin) => ({ kind: 'join-group', token, origin, request }),
      (reply, life) => {
        if (attempt === this.#attempt) this.#joined(reply as JoinGroupResponseInput, life)
      },
    )
  }

  leave(): void {
    const { memberId } = this
    const { groupInstanceId } = this.traits
    this.#ask(
      3,
      (token, origin) => ({
        kind: 'leave-group',
        token,
        origin,
        groupId: SIMULATED_GROUP,
        members: [{ memberId, groupInstanceId }],
      }),
      () => {},
    )
    this.vanish()
  }

  /** SIGKILL: nobody hears of it any more. */
  vanish(): void {
    this.phase = 'gone'
    this.#attempt++
    this.positions.clear()
  }

  /** SIGSTOP: everything that reaches it meanwhile is dealt with afterwards. */
  freeze(durationMs: number): void {
    this.#frozenUntilMs = this.#world.time.nowMs + durationMs
  }

  /** It subscribes to something else, so its metadata changes and it has to join again. */
  resubscribe(): void {
    this.#metadataVersion++
    this.join()
  }

  #joined(reply: JoinGroupResponseInput, life: Life): void {
    const { errorCode, generationId = -1, leader, members, memberId } = reply
    const attempt = this.#attempt
    switch (errorCode) {
      case ErrorCode.NONE:
        this.memberId = memberId
        this.generationId = generationId
        this.phase = 'syncing'
        this.#world.ledger.told({ life, generationId, leader })
        // Assigning takes a while, and sometimes longer than others are willing to wait.
        this.#later(this.#world.time.prng.between(0, 20), () => {
          if (attempt === this.#attempt) this.#sync(leader === memberId ? members : [])
        })
        break
      case ErrorCode.MEMBER_ID_REQUIRED:
        this.memberId = memberId
        this.join()
        break
      default:
        this.#recover(errorCode)
    }
  }

  #sync(members: JoinGroupResponseInput['members']): void {
    if (this.phase !== 'syncing') return
    const attempt = this.#attempt
    const { generationId, memberId } = this
    const assignments = assign(
      members.map(({ memberId: id }) => id),
      this.#world.partitionCount,
    )
    const request = {
      groupId: SIMULATED_GROUP,
      generationId,
      memberId,
      groupInstanceId: this.traits.groupInstanceId,
      protocolType: null,
      protocolName: null,
      assignments,
    }
    this.#ask(
      5,
      (token, origin) => ({ kind: 'sync-group', token, origin, request }),
      (reply, life) => {
        if (attempt === this.#attempt) this.#synced(reply as SyncGroupResponseInput, life)
      },
    )
  }

  #synced({ assignment, errorCode }: SyncGroupResponseInput, life: Life): void {
    if (errorCode !== ErrorCode.NONE) {
      this.#recover(errorCode)
      return
    }
    this.phase = 'stable'
    const partitions: number[] = assignment.length === 0 ? [] : JSON.parse(assignment.toString())
    this.#world.ledger.assigned({
      life,
      generationId: this.generationId,
      identity: this.identity,
      partitions,
    })
    for (const partition of partitions) this.positions.set(partition, null)
    this.#fetchPositions()
    this.#heartbeat(this.#attempt)
  }

  #fetchPositions(): void {
    const attempt = this.#attempt
    const group = {
      groupId: SIMULATED_GROUP,
      memberId: null,
      memberEpoch: -1,
      topics: [{ name: SIMULATED_TOPIC, partitionIndexes: [...this.positions.keys()] }],
    }
    this.#ask(
      8,
      (token, origin) => ({ kind: 'offset-fetch', token, origin, group, requireStable: false }),
      (reply) => {
        if (attempt !== this.#attempt) return
        const { topics } = reply as OffsetFetchGroupResponse
        for (const { committedOffset, partitionIndex } of topics[0]?.partitions ?? []) {
          this.positions.set(partitionIndex, Math.max(0, committedOffset))
        }
        this.#consume(attempt)
      },
    )
  }

  /** Reads on in each partition and commits, for as long as the generation lasts. */
  #consume(attempt: number): void {
    if (attempt !== this.#attempt || this.phase !== 'stable') return
    const { time } = this.#world
    for (const [partition, position] of this.positions) {
      if (position !== null) this.positions.set(partition, position + time.prng.between(0, 9))
    }
    this.#commit(attempt)
    this.#later(time.prng.between(50, 2_000), () => this.#consume(attempt))
  }

  #commit(attempt: number): void {
    const { generationId, memberId } = this
    const partitions = [...this.positions].flatMap(([partitionIndex, position]) =>
      position === null
        ? []
        : [{ partitionIndex, committedOffset: position, committedLeaderEpoch: -1, committedMetadata: null }],
    )
    if (partitions.length === 0) return
    const request = {
      groupId: SIMULATED_GROUP,
      generationIdOrMemberEpoch: generationId,
      memberId,
      groupInstanceId: this.traits.groupInstanceId,
      retentionTimeMs: -1,
      topics: [{ name: SIMULATED_TOPIC, topicId: '', partitions }],
    }
    this.#ask(
      8,
      (token, origin) => ({ kind: 'offset-commit', token, origin, request }),
      (reply) => {
        const { topics } = reply as OffsetCommitResponseInput
        const errorCode = topics[0]?.partitions[0]?.errorCode ?? ErrorCode.NONE
        if (errorCode === ErrorCode.NONE) this.#world.ledger.committed(partitions)
        else if (attempt === this.#attempt) this.#recover(errorCode)
      },
    )
  }

  #heartbeat(attempt: number): void {
    if (attempt !== this.#attempt || this.phase !== 'stable') return
    const { generationId, memberId } = this
    const request = {
      groupId: SIMULATED_GROUP,
      generationId,
      memberId,
      groupInstanceId: this.traits.groupInstanceId,
    }
    this.#ask(
      4,
      (token, origin) => ({ kind: 'heartbeat', token, origin, request }),
      (reply) => {
        if (attempt !== this.#attempt) return
        const { errorCode } = reply as { errorCode: number }
        if (errorCode !== ErrorCode.NONE) this.#recover(errorCode)
        else this.#later(Math.floor(this.traits.sessionTimeoutMs / 3), () => this.#heartbeat(attempt))
      },
    )
  }

  #recover(errorCode: number): void {
    switch (errorCode) {
      case ErrorCode.FENCED_INSTANCE_ID:
      case ErrorCode.GROUP_MAX_SIZE_REACHED:
      case ErrorCode.INCONSISTENT_GROUP_PROTOCOL:
        this.vanish()
        break
      case ErrorCode.UNKNOWN_MEMBER_ID:
        this.memberId = ''
        this.join()
        break
      case ErrorCode.ILLEGAL_GENERATION:
      case ErrorCode.REBALANCE_IN_PROGRESS:
        this.join()
        break
      default:
        assert.fail(`no client expects error ${errorCode} here`)
    }
  }

  /** Sends in order, with delays; a broken connection means joining again. */
  #ask(
    apiVersion: number,
    event: (token: RequestToken, origin: RequestOrigin) => GroupEvent,
    answered: (reply: GroupReply, life: Life) => void,
  ): void {
    const { coordinator, time } = this.#world
    const origin = { apiVersion, clientId: this.traits.name, clientHost: '/127.0.0.1' }
    const connection = this.#connection
    const lost = () => this.#later(time.prng.between(1, 500), () => this.#connectionLost(connection))
    this.#lineFreeAtMs = Math.max(
      this.#lineFreeAtMs,
      time.nowMs + time.prng.between(0, this.#world.maxDelayMs),
    )
    time.after(this.#lineFreeAtMs - time.nowMs, () => {
      if (connection !== this.#connection) return
      if (time.prng.chance(this.#world.lossChance)) {
        lost()
        return
      }
      coordinator.ask(
        (token) => event(token, origin),
        (delivered: Delivered) => {
          if (delivered.kind === 'lost' || time.prng.chance(this.#world.lossChance)) lost()
          else
            this.#later(time.prng.between(0, this.#world.maxDelayMs), () =>
              answered(delivered.reply, delivered.life),
            )
        },
      )
    })
  }

  #connectionLost(connection: number): void {
    if (this.isGone || connection !== this.#connection) return
    this.#connection++
    this.join()
  }

  /** Not before it thaws. */
  #later(delayMs: number, run: () => void): void {
    const { time } = this.#world
    const untilThawMs = Math.max(0, this.#frozenUntilMs - time.nowMs)
    time.after(Math.max(delayMs, untilThawMs), () => {
      if (this.#frozenUntilMs > time.nowMs) this.#later(0, run)
      else run()
    })
  }
}

/** ConsumerProtocolSubscription version 0, with a number in its user data to make it differ. */
function subscription(metadataVersion: number): Buffer {
  const topic = Buffer.from(SIMULATED_TOPIC)
  const bytes = Buffer.alloc(8 + topic.length + 8)
  bytes.writeInt32BE(1, 2)
  bytes.writeInt16BE(topic.length, 6)
  topic.copy(bytes, 8)
  bytes.writeInt32BE(4, 8 + topic.length)
  bytes.writeInt32BE(metadataVersion, 12 + topic.length)
  return bytes
}

function assign(
  memberIds: readonly string[],
  partitionCount: number,
): { memberId: string; assignment: Buffer }[] {
  return memberIds.map((memberId, index) => {
    const partitions: number[] = []
    for (let partition = index; partition < partitionCount; partition += memberIds.length)
      partitions.push(partition)
    return { memberId, assignment: Buffer.from(JSON.stringify(partitions)) }
  })
}
