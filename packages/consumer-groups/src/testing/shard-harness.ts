import { strict as assert } from 'node:assert'
import type {
  ConsumerGroupHeartbeatRequest,
  HeartbeatRequest,
  JoinGroupRequest,
  JoinGroupResponseInput,
  OffsetCommitRequest,
  OffsetDeleteRequest,
  SyncGroupRequest,
} from '@millrace/protocol'
import { CoordinatorShard } from '../coordinator-shard.ts'
import { type ConsumerGroupTimes, DEFAULT_GROUP_CONFIG, type GroupConfig } from '../group-config.ts'
import type {
  GroupEffect,
  GroupEvent,
  GroupReplies,
  GroupTimer,
  LeavingMember,
  PersistedRecord,
  RequestedTopics,
  RequestToken,
} from '../group-event.ts'
import { FakeTopics } from './fake-topics.ts'

/** The newest versions, as franz-go and Java send them; of SyncGroup the newest that need not name its protocol. */
const NEWEST = {
  'join-group': 9,
  'sync-group': 4,
  heartbeat: 4,
  'leave-group': 5,
  'offset-commit': 9,
  'consumer-heartbeat': 1,
} as const

interface Origin {
  readonly apiVersion?: number
  readonly clientId?: string
}

export const GROUP = 'group'

/** A shard with a clock that moves when told, a log that is an array, and replies that can be looked at. */
export class ShardHarness {
  nowMs = 1_700_000_000_000
  readonly config: GroupConfig
  readonly log: PersistedRecord[] = []
  readonly topics = new FakeTopics()
  /** What the group has configured for itself. */
  groupTimes: Partial<ConsumerGroupTimes> = {}
  readonly timers = new Map<GroupTimer, number>()
  readonly replies = new Map<RequestToken, GroupEffect & { kind: 'reply' }>()
  shard: CoordinatorShard
  #lastToken = 0
  #lastUuid = 0

  constructor(config: Partial<GroupConfig> = {}) {
    this.config = { ...DEFAULT_GROUP_CONFIG, ...config }
    this.shard = this.#newShard()
    this.addTopic('topic', 10)
  }

  addTopic(name: string, partitionCount: number): void {
    this.topics.create(name, partitionCount)
  }

  /** What the log holds becomes a new shard, as after a crash. */
  restart(): void {
    this.shard = this.#newShard()
    this.timers.clear()
    for (const { key, value } of this.log) this.shard.replay(key, value)
    this.send({ kind: 'loaded' })
  }

  send(event: GroupEvent): void {
    for (const effect of this.shard.step(event, this.nowMs)) this.#perform(effect)
  }

  /** Time passes; timers fire when they are due, in order. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms
    for (let due = this.#firstDue(untilMs); due !== undefined; due = this.#firstDue(untilMs)) {
      const [timer, deadlineMs] = due
      this.nowMs = Math.max(this.nowMs, deadlineMs)
      this.timers.delete(timer)
      this.send({ kind: 'timer-fired', timer })
    }
    this.nowMs = untilMs
  }

  newToken(): RequestToken {
    return ++this.#lastToken as RequestToken
  }

  join(request: Partial<JoinGroupRequest> = {}, origin: Origin = {}): Answer<'join-group'> {
    const full: JoinGroupRequest = {
      groupId: GROUP,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      memberId: '',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('metadata') }],
      reason: null,
      ...request,
    }
    return this.#ask('join-group', origin, (asked) => ({ ...asked, kind: 'join-group', request: full }))
  }

  sync(request: Partial<SyncGroupRequest>, origin: Origin = {}): Answer<'sync-group'> {
    const full: SyncGroupRequest = {
      groupId: GROUP,
      generationId: 1,
      memberId: '',
      groupInstanceId: null,
      protocolType: null,
      protocolName: null,
      assignments: [],
      ...request,
    }
    return this.#ask('sync-group', origin, (asked) => ({ ...asked, kind: 'sync-group', request: full }))
  }

  heartbeat(request: Partial<HeartbeatRequest>, origin: Origin = {}): Answer<'heartbeat'> {
    const full: HeartbeatRequest = {
      groupId: GROUP,
      generationId: 1,
      memberId: '',
      groupInstanceId: null,
      ...request,
    }
    return this.#ask('heartbeat', origin, (asked) => ({ ...asked, kind: 'heartbeat', request: full }))
  }

  /** A KIP-848 heartbeat. Left out: nothing changed. */
  beat(
    request: Partial<ConsumerGroupHeartbeatRequest>,
    origin: Origin = {},
  ): GroupReplies['consumer-heartbeat'] {
    const full: ConsumerGroupHeartbeatRequest = {
      groupId: GROUP,
      memberId: 'member',
      memberEpoch: 0,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: null,
      ...request,
    }
    return this.#ask('consumer-heartbeat', origin, (asked) => ({
      ...asked,
      kind: 'consumer-heartbeat',
      request: full,
    })).value
  }

  describeConsumer(groupId = GROUP): GroupReplies['consumer-describe'][number] {
    const described = this.#ask('consumer-describe', {}, ({ token }) => ({
      kind: 'consumer-describe',
      token,
      groupIds: [groupId],
    })).value[0]
    assert(described !== undefined)
    return described
  }

  /** Results by topic and partition, or the error of the whole request. */
  deleteOffsets(request: Partial<OffsetDeleteRequest>): GroupReplies['offset-delete'] {
    const full = { groupId: GROUP, topics: [], ...request }
    return this.#ask('offset-delete', {}, ({ token }) => ({ kind: 'offset-delete', token, request: full }))
      .value
  }

  leave(members: readonly LeavingMember[], groupId = GROUP): Answer<'leave-group'> {
    return this.#ask('leave-group', {}, (asked) => ({ ...asked, kind: 'leave-group', groupId, members }))
  }

  commit(request: Partial<OffsetCommitRequest> = {}, origin: Origin = {}): Answer<'offset-commit'> {
    const partition = {
      partitionIndex: 0,
      committedOffset: 7,
      committedLeaderEpoch: -1,
      committedMetadata: null,
    }
    const full: OffsetCommitRequest = {
      groupId: GROUP,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics: [{ name: 'topic', topicId: '', partitions: [partition] }],
      ...request,
    }
    return this.#ask('offset-commit', origin, (asked) => ({ ...asked, kind: 'offset-commit', request: full }))
  }

  fetch(
    topics: RequestedTopics,
    groupId = GROUP,
    member: { memberId: string | null; memberEpoch: number } = { memberId: null, memberEpoch: -1 },
  ): GroupReplies['offset-fetch'] {
    const group = { groupId, ...member, topics }
    return this.#ask('offset-fetch', {}, (asked) => ({
      ...asked,
      kind: 'offset-fetch',
      group,
      requireStable: false,
    })).value
  }

  describe(groupId = GROUP, apiVersion = 5): GroupReplies['describe-groups'][number] {
    const described = this.#ask('describe-groups', { apiVersion }, (asked) => ({
      ...asked,
      kind: 'describe-groups',
      groupIds: [groupId],
    })).value[0]
    assert(described !== undefined)
    return described
  }

  list(filter: { states?: string[]; types?: string[] } = {}): GroupReplies['list-groups'] {
    const states = new Set(filter.states)
    const types = new Set(filter.types)
    return this.#ask('list-groups', {}, ({ token }) => ({
      kind: 'list-groups',
      token,
      filter: { states, types },
    })).value
  }

  deleteGroup(groupId = GROUP): number {
    const asked = this.#ask('delete-groups', {}, ({ token }) => ({
      kind: 'delete-groups',
      token,
      groupIds: [groupId],
    }))
    return asked.value[0]?.errorCode ?? -1
  }

  /** The state of the group as the machine holds it. */
  get state(): string {
    return this.shard.groups.get(GROUP)?.state ?? 'Dead'
  }

  #ask<Kind extends keyof GroupReplies>(
    kind: Kind,
    { apiVersion, clientId = 'client' }: Origin,
    event: (asked: {
      token: RequestToken
      origin: { apiVersion: number; clientId: string; clientHost: string }
    }) => GroupEvent,
  ): Answer<Kind> {
    const token = this.newToken()
    const version = apiVersion ?? (kind in NEWEST ? NEWEST[kind as keyof typeof NEWEST] : 0)
    this.send(event({ token, origin: { apiVersion: version, clientId, clientHost: '/127.0.0.1' } }))
    return new Answer(this, token)
  }

  #newShard(): CoordinatorShard {
    return new CoordinatorShard({
      config: this.config,
      timesOf: (groupId) => (groupId === GROUP ? this.groupTimes : {}),
      topics: this.topics,
      newUuid: () => `uuid-${++this.#lastUuid}`,
    })
  }

  #perform(effect: GroupEffect): void {
    switch (effect.kind) {
      case 'persist':
        this.log.push(effect.record)
        break
      case 'reply':
        assert(!this.replies.has(effect.token), 'answered twice')
        this.replies.set(effect.token, effect)
        break
      case 'arm-timer':
        this.timers.set(effect.timer, this.nowMs + effect.delayMs)
        break
      case 'cancel-timer':
        this.timers.delete(effect.timer)
        break
    }
  }

  #firstDue(untilMs: number): [GroupTimer, number] | undefined {
    let first: [GroupTimer, number] | undefined
    for (const entry of this.timers) {
      if (entry[1] <= untilMs && (first === undefined || entry[1] < first[1])) first = entry
    }
    return first
  }
}

/** The answer to one request, once there is one. */
export class Answer<Kind extends keyof GroupReplies> {
  readonly token: RequestToken
  readonly #harness: ShardHarness

  constructor(harness: ShardHarness, token: RequestToken) {
    this.#harness = harness
    this.token = token
  }

  get isParked(): boolean {
    return !this.#harness.replies.has(this.token)
  }

  get value(): GroupReplies[Kind] {
    const effect = this.#harness.replies.get(this.token)
    assert(effect !== undefined, 'the request is still parked')
    return effect.reply as GroupReplies[Kind]
  }
}

/** A dynamic member comes in the way of JoinGroup 4 and later: an id first, then the join. */
export function joinAsNew(
  harness: ShardHarness,
  request: Partial<JoinGroupRequest> = {},
): Answer<'join-group'> {
  const first = harness.join(request).value
  return harness.join({ ...request, memberId: first.memberId })
}

/** Brings a group of `count` members to Stable; the leader assigns each member its own id. Leader first. */
export function stableGroup(harness: ShardHarness, count: number): JoinGroupResponseInput[] {
  const answers = Array.from({ length: count }, () => joinAsNew(harness))
  harness.advance(harness.config.groupInitialRebalanceDelayMs + 1)
  const joined = answers.map((answer) => answer.value).sort((one) => (one.memberId === one.leader ? -1 : 1))
  const assignments = joined.map(({ memberId }) => ({ memberId, assignment: Buffer.from(memberId) }))
  for (const { generationId, leader, memberId } of joined) {
    const isLeader = memberId === leader
    harness.sync({ generationId: generationId ?? -1, memberId, assignments: isLeader ? assignments : [] })
  }
  return joined
}
