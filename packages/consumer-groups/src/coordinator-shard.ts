import { strict as assert } from 'node:assert'
import { ErrorCode } from '@millrace/protocol'
import { applyGroupMetadata } from './classic/apply-group-metadata.ts'
import { ClassicGroup } from './classic/classic-group.ts'
import { describeClassicGroup, listClassicGroup } from './classic/describe-group.ts'
import { heartbeatInClassicGroup } from './classic/heartbeat.ts'
import { joinClassicGroup } from './classic/join-group.ts'
import { leaveClassicGroup } from './classic/leave-group.ts'
import { joinError, refuseSync } from './classic/rebalance.ts'
import { syncClassicGroup } from './classic/sync-group.ts'
import { classicTimerFired, watchLoadedGroup } from './classic/timeouts.ts'
import type {
  DescribedGroup,
  GroupEffect,
  GroupEvent,
  GroupTimer,
  ListedGroup,
  ListFilter,
} from './group-event.ts'
import type { TopicOffsets } from './offsets/committed-offsets.ts'
import { CommittedOffsets } from './offsets/committed-offsets.ts'
import { classicCommitError, commitOffsets, unknownGroupCommitError } from './offsets/offset-commit.ts'
import { isExpired, unusedSinceInClassicGroup } from './offsets/offset-expiry.ts'
import { fetchOffsets } from './offsets/offset-fetch.ts'
import { decodeGroupRecord, type GroupRecord } from './records/group-record.ts'
import { type ShardSurroundings, Step } from './step.ts'

type EventOf<Kind extends GroupEvent['kind']> = Extract<GroupEvent, { kind: Kind }>

/**
 * The groups of one partition of `__consumer_offsets`: a pure machine. Events and the time go in, effects come
 * out; nothing here reads a clock, touches a disk or sends anything.
 *
 * What a restart must remember changes only through `replay` (G1), live or loaded. After a failed append the
 * driver drops the whole shard and loads it again: there is no undo.
 */
export class CoordinatorShard {
  readonly #surroundings: ShardSurroundings
  readonly #groups = new Map<string, ClassicGroup>()
  readonly #offsets = new CommittedOffsets()

  constructor(surroundings: ShardSurroundings) {
    this.#surroundings = surroundings
  }

  /** For reading only; every change goes through `step` and `replay`. */
  get groups(): ReadonlyMap<string, ClassicGroup> {
    return this.#groups
  }

  /** For reading only. */
  get offsets(): CommittedOffsets {
    return this.#offsets
  }

  /** One event at wall-clock time `nowMs`. The driver performs the effects, in order. */
  step(event: GroupEvent, nowMs: number): readonly GroupEffect[] {
    assert(Number.isSafeInteger(nowMs), `${nowMs} is no timestamp`)
    const step = new Step(this.#surroundings, nowMs, (record) => this.#apply(record, nowMs))
    this.#dispatch(step, event)
    return step.effects
  }

  /** A record read back at start. One of an unknown kind is skipped. Throws a RangeError for bytes that are damaged. */
  replay(key: Buffer, value: Buffer | null): void {
    const record = decodeGroupRecord(key, value)
    // A group that is only loaded has no moment of its own: its record, or its commits, say when things were.
    if (record !== null) this.#apply(record, -1)
  }

  #dispatch(step: Step, event: GroupEvent): void {
    switch (event.kind) {
      case 'join-group':
        this.#join(step, event)
        break
      case 'sync-group':
        this.#sync(step, event)
        break
      case 'heartbeat':
        this.#heartbeat(step, event)
        break
      case 'leave-group':
        this.#leave(step, event)
        break
      case 'offset-commit':
        this.#commit(step, event)
        break
      case 'offset-fetch':
        step.reply(event.token, fetchOffsets(this.#offsets, step.topics, event.group))
        break
      case 'describe-groups':
        step.reply(
          event.token,
          event.groupIds.map((groupId) => this.#describe(groupId, event.origin.apiVersion)),
        )
        break
      case 'list-groups':
        step.reply(event.token, this.#list(event.filter))
        break
      case 'delete-groups':
        step.reply(
          event.token,
          event.groupIds.map((groupId) => this.#delete(step, groupId)),
        )
        break
      case 'timer-fired':
        this.#timerFired(step, event.timer)
        break
      case 'loaded':
        for (const group of this.#groups.values()) watchLoadedGroup(step, group)
        break
      case 'expire-offsets':
        for (const group of [...this.#groups.values()]) this.#expire(step, group)
        break
      case 'topics-deleted':
        for (const group of this.#groups.values()) this.#forgetTopics(step, group, event.names)
        break
    }
  }

  #join(step: Step, event: EventOf<'join-group'>): void {
    const { groupId, memberId, sessionTimeoutMs } = event.request
    const { groupMaxSessionTimeoutMs, groupMinSessionTimeoutMs } = step.config
    if (sessionTimeoutMs < groupMinSessionTimeoutMs || sessionTimeoutMs > groupMaxSessionTimeoutMs) {
      step.reply(event.token, joinError(ErrorCode.INVALID_SESSION_TIMEOUT, memberId))
      return
    }
    const known = this.#groups.get(groupId)
    if (known === undefined && memberId !== '') {
      step.reply(event.token, joinError(ErrorCode.UNKNOWN_MEMBER_ID, memberId))
      return
    }
    const group = known ?? this.#create(groupId, step.nowMs)
    joinClassicGroup(step, group, event)
    this.#forgetIfUnused(group)
  }

  #sync(step: Step, event: EventOf<'sync-group'>): void {
    const group = this.#groups.get(event.request.groupId)
    if (group === undefined) refuseSync(step, event.token, ErrorCode.UNKNOWN_MEMBER_ID)
    else syncClassicGroup(step, group, event)
  }

  #heartbeat(step: Step, event: EventOf<'heartbeat'>): void {
    const group = this.#groups.get(event.request.groupId)
    if (group === undefined) step.reply(event.token, { errorCode: ErrorCode.UNKNOWN_MEMBER_ID })
    else heartbeatInClassicGroup(step, group, event)
  }

  #leave(step: Step, event: EventOf<'leave-group'>): void {
    const group = this.#groups.get(event.groupId)
    if (group !== undefined) {
      leaveClassicGroup(step, group, event)
      this.#forgetIfUnused(group)
      return
    }
    const members = event.members.map((member) => ({ ...member, errorCode: ErrorCode.UNKNOWN_MEMBER_ID }))
    step.reply(event.token, { errorCode: ErrorCode.NONE, members })
  }

  #commit(step: Step, event: EventOf<'offset-commit'>): void {
    const { groupId, memberId } = event.request
    const group = this.#groups.get(groupId)
    const errorCode =
      group === undefined ? unknownGroupCommitError(event) : classicCommitError(group, event.request)
    // A commit is a sign of life, as in Kafka.
    const member = group?.members.get(memberId)
    if (member !== undefined && errorCode === ErrorCode.NONE)
      step.armTimer(member.sessionTimer, member.sessionTimeoutMs)
    commitOffsets(step, event, errorCode)
  }

  #describe(groupId: string, apiVersion: number): DescribedGroup {
    const group = this.#groups.get(groupId)
    if (group !== undefined) return describeClassicGroup(group)
    const isError = apiVersion >= 6
    return {
      errorCode: isError ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NONE,
      errorMessage: isError ? `Group ${groupId} not found.` : null,
      groupId,
      groupState: 'Dead',
      protocolType: '',
      protocolData: '',
      members: [],
    }
  }

  #list({ states, types }: ListFilter): ListedGroup[] {
    const listed: ListedGroup[] = []
    for (const group of this.#groups.values()) {
      const isWanted = states.size === 0 || states.has(group.state.toLowerCase())
      if (isWanted && (types.size === 0 || types.has(group.kind))) listed.push(listClassicGroup(group))
    }
    return listed
  }

  #delete(step: Step, groupId: string): { groupId: string; errorCode: number } {
    const group = this.#groups.get(groupId)
    if (group === undefined) return { groupId, errorCode: ErrorCode.GROUP_ID_NOT_FOUND }
    if (group.state !== 'Empty') return { groupId, errorCode: ErrorCode.NON_EMPTY_GROUP }
    for (const [topic, partitions] of this.#offsets.ofGroup(groupId) ?? []) {
      this.#deleteOffsets(step, { groupId, topic, partitions: [...partitions.keys()] })
    }
    this.#bury(step, group)
    return { groupId, errorCode: ErrorCode.NONE }
  }

  #timerFired(step: Step, timer: GroupTimer): void {
    const group = this.#groups.get(timer.groupId)
    if (group === undefined) return
    classicTimerFired(step, group, timer)
    this.#forgetIfUnused(group)
  }

  #expire(step: Step, group: ClassicGroup): void {
    const { groupId } = group
    const unusedSince = unusedSinceInClassicGroup(group)
    if (unusedSince !== null) {
      for (const [topic, partitions] of this.#offsets.ofGroup(groupId) ?? []) {
        const expired = this.#expiredPartitions(step, partitions, (committed) =>
          unusedSince(topic, committed),
        )
        this.#deleteOffsets(step, { groupId, topic, partitions: expired })
      }
    }
    const isOver = group.state === 'Empty' && group.pendingMembers.size === 0 && !this.#offsets.has(groupId)
    if (isOver) this.#bury(step, group)
  }

  #expiredPartitions(
    step: Step,
    partitions: TopicOffsets,
    unusedSince: (committed: Parameters<typeof isExpired>[0]) => number | null,
  ): number[] {
    const { nowMs } = step
    const retentionMs = step.config.offsetsRetentionMs
    return [...partitions]
      .filter(([, committed]) =>
        isExpired(committed, { nowMs, retentionMs, sinceMs: unusedSince(committed) }),
      )
      .map(([partition]) => partition)
  }

  #forgetTopics(step: Step, { groupId }: ClassicGroup, names: ReadonlySet<string>): void {
    for (const [topic, partitions] of this.#offsets.ofGroup(groupId) ?? []) {
      if (names.has(topic)) this.#deleteOffsets(step, { groupId, topic, partitions: [...partitions.keys()] })
    }
  }

  #deleteOffsets(
    step: Step,
    { groupId, partitions, topic }: { groupId: string; topic: string; partitions: readonly number[] },
  ): void {
    for (const partition of partitions) {
      step.persist({ kind: 'offset-commit', groupId, topic, partition, value: null })
    }
  }

  #bury(step: Step, group: ClassicGroup): void {
    for (const timer of group.pendingMembers.values()) step.cancelTimer(timer)
    step.persist({ kind: 'group-metadata', groupId: group.groupId, value: null })
  }

  /** A group that was never persisted and holds nothing is as good as one that was never there. */
  #forgetIfUnused(group: ClassicGroup): void {
    const isUsed = group.isPersisted || group.state !== 'Empty' || group.pendingMembers.size > 0
    if (!isUsed && !this.#offsets.has(group.groupId)) this.#groups.delete(group.groupId)
  }

  #apply(record: GroupRecord, nowMs: number): void {
    switch (record.kind) {
      case 'offset-commit':
        this.#applyCommit(record, nowMs)
        break
      case 'group-metadata': {
        if (record.value === null) this.#groups.delete(record.groupId)
        else
          applyGroupMetadata(
            this.#groups.get(record.groupId) ?? this.#create(record.groupId, nowMs),
            record.value,
          )
      }
    }
  }

  /** Whoever commits without being a member of anything has a group all the same: an empty one without a protocol. */
  #applyCommit(record: Extract<GroupRecord, { kind: 'offset-commit' }>, nowMs: number): void {
    const { groupId, partition, topic, value } = record
    if (value === null) {
      this.#offsets.delete(groupId, topic, partition)
      return
    }
    if (!this.#groups.has(groupId)) this.#create(groupId, nowMs)
    this.#offsets.set(groupId, topic, partition, value)
  }

  #create(groupId: string, nowMs: number): ClassicGroup {
    const group = new ClassicGroup(groupId, nowMs)
    this.#groups.set(groupId, group)
    return group
  }
}
