import { strict as assert } from 'node:assert'
import {
  ErrorCode,
  type JoinGroupResponseInput,
  type OffsetCommitResponseInput,
  type SyncGroupResponseInput,
} from '@millrace/protocol'
import type { OffsetFetchGroupResponse } from '../group-event.ts'
import type { Life } from './simulated-coordinator.ts'
import {
  type ConsumerTraits,
  type ConsumerWorld,
  type Participant,
  SIMULATED_GROUP,
  SIMULATED_TOPIC,
  SimulatedLine,
} from './simulated-line.ts'
import { assignment as encodeAssignment, partitionsIn, subscription } from './subscription.ts'

type Phase = 'joining' | 'syncing' | 'stable' | 'gone'

/**
 * A consumer as real clients are built: joins, syncs, sends heartbeats, reads its partitions and commits, and
 * reacts to every error in the way that librdkafka and Java do. It can freeze, vanish, or come back as another.
 */
export class SimulatedConsumer implements Participant {
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
  readonly #line: SimulatedLine

  constructor(world: ConsumerWorld, traits: ConsumerTraits) {
    this.#world = world
    this.traits = traits
    this.#line = new SimulatedLine(world, traits.name, () => this.join())
  }

  get isGone(): boolean {
    return this.phase === 'gone'
  }

  get partitions(): readonly number[] {
    return [...this.positions.keys()]
  }

  isSettled(epoch: number): boolean {
    return this.phase === 'stable' && this.generationId === epoch
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
      protocols: protocols.map((name) => ({ name, metadata: this.#subscription() })),
      reason: null,
    }
    this.#line.ask(
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
    this.#line.ask(
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

  vanish(): void {
    this.phase = 'gone'
    this.#attempt++
    this.positions.clear()
  }

  freeze(durationMs: number): void {
    this.#line.freeze(durationMs)
  }

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
        // In a consumer group the broker assigns, and there is no leader.
        if (leader !== '') this.#world.ledger.told({ life, generationId, leader })
        // Assigning takes a while, and sometimes longer than others are willing to wait.
        this.#line.later(this.#world.time.prng.between(0, 20), () => {
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
    this.#line.ask(
      4,
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
    const partitions = assignment.length === 0 ? [] : partitionsIn(assignment)
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
    this.#line.ask(
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
    this.#line.later(time.prng.between(50, 2_000), () => this.#consume(attempt))
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
    this.#line.ask(
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
    this.#line.ask(
      4,
      (token, origin) => ({ kind: 'heartbeat', token, origin, request }),
      (reply) => {
        if (attempt !== this.#attempt) return
        const { errorCode } = reply as { errorCode: number }
        if (errorCode !== ErrorCode.NONE) this.#recover(errorCode)
        else this.#line.later(Math.floor(this.traits.sessionTimeoutMs / 3), () => this.#heartbeat(attempt))
      },
    )
  }

  /** Another topic in it, which need not exist, makes another subscription. */
  #subscription(): Buffer {
    return subscription([SIMULATED_TOPIC, `wish-${this.#metadataVersion}`])
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
}

function assign(
  memberIds: readonly string[],
  partitionCount: number,
): { memberId: string; assignment: Buffer }[] {
  return memberIds.map((memberId, index) => {
    const partitions: number[] = []
    for (let partition = index; partition < partitionCount; partition += memberIds.length)
      partitions.push(partition)
    return { memberId, assignment: encodeAssignment(SIMULATED_TOPIC, partitions) }
  })
}
