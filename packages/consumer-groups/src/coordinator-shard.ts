import { strict as assert } from 'node:assert'
import { ErrorCode } from '@millrace/protocol'
import type { ClassicGroup } from './classic/classic-group.ts'
import { heartbeatInClassicGroup } from './classic/heartbeat.ts'
import { joinClassicGroup } from './classic/join-group.ts'
import { leaveClassicGroup } from './classic/leave-group.ts'
import { joinError, refuseSync } from './classic/rebalance.ts'
import { syncClassicGroup } from './classic/sync-group.ts'
import { classicTimerFired, watchLoadedGroup } from './classic/timeouts.ts'
import { noteIfFenced } from './classic/validate-member.ts'
import { joinAsClassic } from './consumer/classic-join.ts'
import { heartbeatAsClassic, leaveAsClassic, syncAsClassic } from './consumer/classic-requests.ts'
import type { ConsumerGroup } from './consumer/consumer-group.ts'
import { consumerHeartbeat } from './consumer/consumer-heartbeat.ts'
import { consumerCommitCheck, consumerFetchError } from './consumer/consumer-offsets.ts'
import { consumerTimerFired, watchLoadedConsumerGroup } from './consumer/consumer-timeouts.ts'
import { buryConsumerGroup } from './consumer/fence.ts'
import type { ShardGroupFacts } from './explain/group-facts.ts'
import { readGroupFacts } from './explain/read-facts.ts'
import {
  buryGroupIfOver,
  deleteGroup,
  describeClassic,
  describeConsumer,
  listGroups,
} from './group-administration.ts'
import type { GroupEffect, GroupEvent, GroupTimer } from './group-event.ts'
import { type Group, GroupTable } from './group-table.ts'
import type { CommittedOffsets } from './offsets/committed-offsets.ts'
import { buryTopicOffsets, deleteRequestedOffsets, expireOffsets } from './offsets/delete-offsets.ts'
import { classicCommitError, commitOffsets, unknownGroupCommitError } from './offsets/offset-commit.ts'
import { fetchOffsets } from './offsets/offset-fetch.ts'
import { decodeGroupRecord } from './records/group-record.ts'
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
  readonly #table = new GroupTable()

  constructor(surroundings: ShardSurroundings) {
    this.#surroundings = surroundings
  }

  /** For reading only; every change goes through `step` and `replay`. */
  get groups(): ReadonlyMap<string, Group> {
    return this.#table.groups
  }

  /** For reading only. */
  get offsets(): CommittedOffsets {
    return this.#table.offsets
  }

  /** One event at wall-clock time `nowMs`. The driver performs the effects, in order. */
  step(event: GroupEvent, nowMs: number): readonly GroupEffect[] {
    assert(Number.isSafeInteger(nowMs), `${nowMs} is no timestamp`)
    const step = new Step(this.#surroundings, nowMs, (record) => this.#table.apply(record, nowMs))
    this.#dispatch(step, event)
    return step.effects
  }

  /** A record read back at start. One of an unknown kind is skipped. Throws a RangeError for bytes that are damaged. */
  replay(key: Buffer, value: Buffer | null): void {
    const record = decodeGroupRecord(key, value)
    // A group that is only loaded has no moment of its own: its record, or its commits, say when things were.
    if (record !== null) this.#table.apply(record, -1)
  }

  /** What the group's machine knows, for people; null when there is no such group. `leftMs`: until a timer fires. */
  facts(
    groupId: string,
    { leftMs, nowMs }: { leftMs: (timer: GroupTimer) => number | null; nowMs: number },
  ): ShardGroupFacts | null {
    const group = this.#table.get(groupId)
    if (group === undefined) return null
    const { config, timesOf, topics } = this.#surroundings
    const { consumerSessionTimeoutMs } = { ...config, ...timesOf?.(groupId) }
    const { offsets } = this.#table
    return readGroupFacts({ topics, offsets, nowMs, leftMs, consumerSessionTimeoutMs }, group)
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
      case 'consumer-heartbeat':
        consumerHeartbeat(step, this.#table, event)
        break
      case 'offset-commit':
        this.#commit(step, event)
        break
      case 'offset-fetch':
        this.#fetch(step, event)
        break
      case 'offset-delete':
        deleteRequestedOffsets(step, this.#table, event)
        break
      case 'timer-fired':
        this.#timerFired(step, event.timer)
        break
      case 'loaded':
        for (const group of this.#table.groups.values()) watch(step, group)
        break
      case 'expire-offsets':
        this.#expire(step)
        break
      case 'topics-deleted':
        buryTopicOffsets(step, this.#table, event.names)
        break
      default:
        this.#administer(step, event)
    }
  }

  #administer(
    step: Step,
    event: EventOf<'describe-groups' | 'consumer-describe' | 'list-groups' | 'delete-groups'>,
  ): void {
    const table = this.#table
    switch (event.kind) {
      case 'describe-groups': {
        const { apiVersion } = event.origin
        const described = event.groupIds.map((groupId) => describeClassic(table, groupId, apiVersion))
        step.reply(event.token, described)
        break
      }
      case 'consumer-describe': {
        const described = event.groupIds.map((groupId) => describeConsumer(step, table, groupId))
        step.reply(event.token, described)
        break
      }
      case 'list-groups':
        step.reply(event.token, listGroups(table, event.filter))
        break
      case 'delete-groups': {
        const deleted = event.groupIds.map((groupId) => deleteGroup(step, table, groupId))
        step.reply(event.token, deleted)
        break
      }
    }
  }

  #join(step: Step, event: EventOf<'join-group'>): void {
    const { groupId, memberId, sessionTimeoutMs } = event.request
    const { groupMaxSessionTimeoutMs, groupMinSessionTimeoutMs } = step.config
    if (sessionTimeoutMs < groupMinSessionTimeoutMs || sessionTimeoutMs > groupMaxSessionTimeoutMs) {
      step.reply(event.token, joinError(ErrorCode.INVALID_SESSION_TIMEOUT, memberId))
      return
    }
    const known = this.#table.get(groupId)
    if (known?.kind === 'consumer' && known.state !== 'Empty') {
      joinAsClassic(step, this.#table, known, event)
    } else if (known?.kind !== 'classic' && memberId !== '') {
      step.reply(event.token, joinError(ErrorCode.UNKNOWN_MEMBER_ID, memberId))
    } else {
      const group = this.#openClassic(step, groupId, known)
      joinClassicGroup(step, group, event)
      this.#table.forgetIfUnused(group)
    }
  }

  /** A KIP-848 group without members makes room for a classic one. */
  #openClassic(step: Step, groupId: string, known: Group | undefined): ClassicGroup {
    if (known?.kind === 'consumer') buryConsumerGroup(step, known)
    const group = this.#table.get(groupId)
    return group?.kind === 'classic' ? group : this.#table.createClassic(groupId, step.nowMs)
  }

  #sync(step: Step, event: EventOf<'sync-group'>): void {
    if (lacksProtocol(event)) {
      refuseSync(step, event.token, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
      return
    }
    const { groupId } = event.request
    if (groupId === '') {
      refuseSync(step, event.token, ErrorCode.INVALID_GROUP_ID)
      return
    }
    const group = this.#table.get(groupId)
    if (group === undefined) refuseSync(step, event.token, ErrorCode.UNKNOWN_MEMBER_ID)
    else if (group.kind === 'consumer') syncAsClassic(step, group, event)
    else syncClassicGroup(step, group, event)
  }

  #heartbeat(step: Step, event: EventOf<'heartbeat'>): void {
    const group = this.#table.get(event.request.groupId)
    if (group === undefined) step.reply(event.token, { errorCode: ErrorCode.UNKNOWN_MEMBER_ID })
    else if (group.kind === 'consumer') heartbeatAsClassic(step, group, event)
    else heartbeatInClassicGroup(step, group, event)
  }

  #leave(step: Step, event: EventOf<'leave-group'>): void {
    const group = this.#table.get(event.groupId)
    if (group?.kind === 'consumer') {
      leaveAsClassic(step, this.#table, group, event)
    } else if (group !== undefined) {
      leaveClassicGroup(step, group, event)
      this.#table.forgetIfUnused(group)
    } else {
      const members = event.members.map((member) => ({ ...member, errorCode: ErrorCode.UNKNOWN_MEMBER_ID }))
      step.reply(event.token, { errorCode: ErrorCode.NONE, members })
    }
  }

  #commit(step: Step, event: EventOf<'offset-commit'>): void {
    const { groupId, memberId } = event.request
    const group = this.#table.get(groupId)
    if (group?.kind === 'consumer') {
      commitOffsets(step, event, consumerCommitCheck(step, group, event))
      return
    }
    const errorCode =
      group === undefined ? unknownGroupCommitError(event) : classicCommitError(group, event.request)
    if (group !== undefined) noteIfFenced(step, group, event.request, errorCode)
    // A commit is a sign of life, as in Kafka.
    const member = group?.members.get(memberId)
    if (member !== undefined && errorCode === ErrorCode.NONE) {
      step.armTimer(member.sessionTimer, member.sessionTimeoutMs)
    }
    commitOffsets(step, event, () => errorCode)
  }

  #fetch(step: Step, event: EventOf<'offset-fetch'>): void {
    const { groupId } = event.group
    const group = this.#table.get(groupId)
    const errorCode = group?.kind === 'consumer' ? consumerFetchError(group, event.group) : ErrorCode.NONE
    if (errorCode === ErrorCode.NONE)
      step.reply(event.token, fetchOffsets(this.#table.offsets, step.topics, event.group))
    else step.reply(event.token, { groupId, topics: [], errorCode })
  }

  #timerFired(step: Step, timer: GroupTimer): void {
    const group = this.#table.get(timer.groupId)
    if (group === undefined) return
    if (group.kind === 'consumer') {
      consumerTimerFired(step, this.#table, group, timer)
    } else {
      classicTimerFired(step, group, timer)
      this.#table.forgetIfUnused(group)
    }
  }

  #expire(step: Step): void {
    for (const group of [...this.#table.groups.values()]) {
      expireOffsets(step, this.#table, group)
      buryGroupIfOver(step, this.#table, group)
    }
  }
}

/** From version 5 on a sync has to say which protocol it is about; Kafka looks at this before it knows the group. */
function lacksProtocol({ origin, request }: EventOf<'sync-group'>): boolean {
  return origin.apiVersion >= 5 && (request.protocolType === null || request.protocolName === null)
}

function watch(step: Step, group: ClassicGroup | ConsumerGroup): void {
  if (group.kind === 'classic') watchLoadedGroup(step, group)
  else watchLoadedConsumerGroup(step, group)
}
