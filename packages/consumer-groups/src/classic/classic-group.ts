import { strict as assert } from 'node:assert'
import { InstanceRefusals } from '../explain/instance-refusals.ts'
import type { GroupTimer, RequestToken } from '../group-event.ts'
import type { GroupMetadataValue } from '../records/group-metadata-record.ts'
import { type ClassicGroupState, LEGAL_MOVES } from './classic-group-state.ts'
import { type ClassicMember, metadataFor, type OfferedProtocol } from './classic-member.ts'
import { ProtocolVotes } from './protocol-votes.ts'
import { CONSUMER_PROTOCOL_TYPE, subscribedTopics } from './subscribed-topics.ts'

/** The waiting of a group's first rebalance for more members. */
export interface InitialDelay {
  readonly delayMs: number
  /** What is left of the rebalance timeout after this delay. */
  readonly remainingMs: number
}

/**
 * One classic group: who is in it and where its rebalance stands. It has no behaviour of its own beyond keeping
 * its parts consistent; the operations beside it (join, sync, ...) decide. `docs/spec/groups.md` tells its life.
 */
export class ClassicGroup {
  readonly kind = 'classic'
  readonly groupId: string
  /** Fires when the members' time to join, or the initial delay, is over. */
  readonly joinTimer: GroupTimer
  /** Fires when the members' time to sync is over. */
  readonly syncTimer: GroupTimer
  generationId = 0
  /** null for a group that only ever committed offsets. */
  protocolType: string | null = null
  protocolName: string | null = null
  leaderId: string | null = null
  /** When it came into its present state; -1 when the record it was loaded from is too old to say. */
  stateTimestampMs: number
  /** null: unknown, or not a group of consumers. */
  subscribedTopics: ReadonlySet<string> | null = null
  initialDelay: InitialDelay | null = null
  /** Somebody joined since the initial delay was last extended. */
  hasNewMember = false
  /** The log holds a record of this group, so forgetting it takes a tombstone. */
  isPersisted = false
  /** Ids that were given out with MEMBER_ID_REQUIRED and have not come back yet, with their timers. */
  readonly pendingMembers = new Map<string, GroupTimer>()
  /** Members of this generation that have not asked for their assignment yet. */
  readonly pendingSync = new Set<string>()
  readonly refusals = new InstanceRefusals()
  readonly #members = new Map<string, ClassicMember>()
  readonly #staticMembers = new Map<string, string>()
  readonly #votes = new ProtocolVotes()
  #awaitingJoinCount = 0
  #state: ClassicGroupState = 'Empty'

  constructor(groupId: string, nowMs: number) {
    this.groupId = groupId
    this.stateTimestampMs = nowMs
    this.joinTimer = { kind: 'join', groupId, memberId: '' }
    this.syncTimer = { kind: 'sync', groupId, memberId: '' }
  }

  get state(): ClassicGroupState {
    return this.#state
  }

  /** In the order in which they joined. */
  get members(): ReadonlyMap<string, ClassicMember> {
    return this.#members
  }

  get awaitingJoinCount(): number {
    return this.#awaitingJoinCount
  }

  get hasAllMembersJoined(): boolean {
    return this.#members.size === this.#awaitingJoinCount && this.pendingMembers.size === 0
  }

  get canRebalance(): boolean {
    return LEGAL_MOVES[this.#state].includes('PreparingRebalance')
  }

  get usesConsumerProtocol(): boolean {
    return this.protocolType === CONSUMER_PROTOCOL_TYPE
  }

  /** The longest that any member asked for: nobody is thrown out for being slower than another. */
  get rebalanceTimeoutMs(): number {
    let longestMs = 0
    for (const member of this.#members.values()) longestMs = Math.max(longestMs, member.rebalanceTimeoutMs)
    return longestMs
  }

  moveTo(state: ClassicGroupState, nowMs: number): void {
    assert(LEGAL_MOVES[this.#state].includes(state), `${this.groupId}: ${this.#state} -> ${state}`)
    this.#setState(state, nowMs)
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId
  }

  staticMemberId(groupInstanceId: string): string | undefined {
    return this.#staticMembers.get(groupInstanceId)
  }

  /** Whether a member that offers these could work together with those that are here. */
  supportsProtocols(protocolType: string, protocols: readonly OfferedProtocol[]): boolean {
    if (this.#state === 'Empty') return protocolType !== '' && protocols.length > 0
    if (protocolType !== this.protocolType) return false
    return protocols.some(({ name }) => this.#votes.supporters(name) === this.#members.size)
  }

  electProtocol(): string {
    return this.#votes.elect(this.#members)
  }

  add(member: ClassicMember, protocolType: string): void {
    const { groupInstanceId, memberId } = member
    assert(!this.#members.has(memberId))
    if (this.#members.size === 0) this.protocolType = protocolType
    assert(protocolType === this.protocolType)
    if (groupInstanceId !== null) {
      assert(!this.#staticMembers.has(groupInstanceId))
      this.#staticMembers.set(groupInstanceId, memberId)
    }
    this.leaderId ??= memberId
    this.#members.set(memberId, member)
    this.#votes.add(member.protocols)
    if (member.awaitingJoin !== null) this.#awaitingJoinCount++
    this.pendingMembers.delete(memberId)
  }

  /** Also forgets a pending member. Returns what was removed; its timers and waiting requests are the caller's. */
  remove(memberId: string): ClassicMember | undefined {
    this.pendingMembers.delete(memberId)
    this.pendingSync.delete(memberId)
    const member = this.#members.get(memberId)
    if (member === undefined) return undefined
    this.#members.delete(memberId)
    this.#votes.remove(member.protocols)
    if (member.awaitingJoin !== null) this.#awaitingJoinCount--
    if (member.groupInstanceId !== null) this.#staticMembers.delete(member.groupInstanceId)
    if (this.leaderId === memberId) this.leaderId = this.#members.keys().next().value ?? null
    return member
  }

  /** `successor` takes the place of a static member, leadership included. */
  replace(old: ClassicMember, successor: ClassicMember): void {
    assert(old.groupInstanceId !== null && old.groupInstanceId === successor.groupInstanceId)
    const wasLeader = this.leaderId === old.memberId
    this.remove(old.memberId)
    // A group of one is empty for this moment; its protocol type and leader stay what they were.
    this.add(successor, this.protocolType ?? '')
    if (wasLeader) this.leaderId = successor.memberId
  }

  /** What a rejoining member says now takes the place of what it said before. */
  update(
    member: ClassicMember,
    said: Pick<ClassicMember, 'protocols' | 'rebalanceTimeoutMs' | 'sessionTimeoutMs'>,
  ): void {
    this.#votes.remove(member.protocols)
    this.#votes.add(said.protocols)
    member.protocols = said.protocols
    member.rebalanceTimeoutMs = said.rebalanceTimeoutMs
    member.sessionTimeoutMs = said.sessionTimeoutMs
  }

  /** Parks a JoinGroup, or lets it go with null. Returns the one that was parked before. */
  awaitJoin(member: ClassicMember, token: RequestToken | null): RequestToken | null {
    const before = member.awaitingJoin
    member.awaitingJoin = token
    this.#awaitingJoinCount += Number(token !== null) - Number(before !== null)
    return before
  }

  refreshSubscribedTopics(): void {
    this.subscribedTopics = this.usesConsumerProtocol
      ? subscribedTopics(this.#members.values(), this.protocolName)
      : null
  }

  /** The whole group as a record, under the assignments given. */
  toMetadata(assignments: ReadonlyMap<string, Buffer>, nowMs: number): GroupMetadataValue {
    const members = [...this.#members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: metadataFor(member, this.protocolName),
      assignment: assignments.get(member.memberId) ?? member.assignment,
    }))
    return {
      protocolType: this.protocolType ?? '',
      generation: this.generationId,
      protocol: this.protocolName,
      leader: this.leaderId,
      currentStateTimestamp: nowMs,
      members,
    }
  }

  /** For `applyGroupMetadata` alone: a replayed record may put the group into its state from anywhere. */
  restoreState(state: 'Empty' | 'Stable', timestampMs: number): void {
    this.#setState(state, timestampMs)
  }

  #setState(state: ClassicGroupState, timestampMs: number): void {
    this.#state = state
    this.stateTimestampMs = timestampMs
  }
}
