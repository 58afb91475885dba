import { InstanceRefusals } from '../explain/instance-refusals.ts'
import type { GroupTimer } from '../group-event.ts'
import { type ConsumerMember, isReconciled, regexOf } from './consumer-member.ts'
import { NO_PARTITIONS, type TopicPartitions } from './topic-partitions.ts'

/** The states of a KIP-848 group, named as Kafka shows them. They follow from its epochs; nobody sets them. */
export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

/** What a regular expression matched when it was last looked at. */
export interface ResolvedRegex {
  readonly topics: ReadonlySet<string>
  readonly version: number
  readonly timestampMs: number
}

/** A member's timers. `join` and `sync` are for members that speak the classic protocol. */
export interface MemberTimers {
  readonly session: GroupTimer
  readonly rebalance: GroupTimer
  readonly join: GroupTimer
  readonly sync: GroupTimer
}

/**
 * One KIP-848 group. All of it is durable but the timers, `refusals` and `topicsVersion`: it changes by records alone (G1), and
 * `apply-consumer-record.ts` is the only caller of what changes it.
 */
export class ConsumerGroup {
  readonly kind = 'consumer'
  readonly groupId: string
  /** Rises with every change of members, subscriptions or topics. */
  groupEpoch = 0
  /** The epoch of the target: behind `groupEpoch` until partitions are spread anew. */
  assignmentEpoch = 0
  assignmentTimestampMs = 0
  /** Of the topics that the group was last seen to read. */
  metadataHash = 0
  /** A broker before Kafka 4.1 left a record behind that is to be buried. */
  hasPartitionMetadata = false
  /** The version of all topics at which this group's were last looked at. Not durable: a restart looks again. */
  topicsVersion = -1
  /** Members of the classic protocol that were told to join again and have not. Not durable. */
  readonly awaitedRejoins = new Set<string>()
  readonly refusals = new InstanceRefusals()
  readonly target = new Map<string, TopicPartitions>()
  readonly regexes = new Map<string, ResolvedRegex>()
  readonly #members = new Map<string, ConsumerMember>()
  readonly #staticMembers = new Map<string, string>()
  readonly #timers = new Map<string, MemberTimers>()
  /** By topic id and partition: who owns it, assigned or not yet let go of. */
  readonly #owners = new Map<string, Map<number, string>>()

  constructor(groupId: string) {
    this.groupId = groupId
  }

  get members(): ReadonlyMap<string, ConsumerMember> {
    return this.#members
  }

  get state(): ConsumerGroupState {
    if (this.#members.size === 0) return 'Empty'
    if (this.groupEpoch > this.assignmentEpoch) return 'Assigning'
    for (const member of this.#members.values())
      if (!isReconciled(member, this.assignmentEpoch)) return 'Reconciling'
    return 'Stable'
  }

  /** What members agree on most; `fallback` where none of them names one. Among equals the first that was named. */
  preferredAssignor(fallback: string): string {
    const votes = new Map<string, number>()
    for (const { serverAssignor } of this.#members.values()) {
      if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1)
    }
    let winner = { name: fallback, count: 0 }
    for (const [name, count] of votes) if (count > winner.count) winner = { name, count }
    return winner.name
  }

  staticMember(instanceId: string): ConsumerMember | undefined {
    const memberId = this.#staticMembers.get(instanceId)
    return memberId === undefined ? undefined : this.#members.get(memberId)
  }

  targetOf(memberId: string): TopicPartitions {
    return this.target.get(memberId) ?? NO_PARTITIONS
  }

  /** Whether nobody but `memberId` owns the partition. */
  isFreeFor(memberId: string, topicId: string, partition: number): boolean {
    const owner = this.#owners.get(topicId)?.get(partition)
    return owner === undefined || owner === memberId
  }

  /** How many members subscribe to the regular expression. */
  subscribersOf(regex: string): number {
    let count = 0
    for (const member of this.#members.values()) if (regexOf(member) === regex) count++
    return count
  }

  get classicMemberCount(): number {
    let count = 0
    for (const { classic } of this.#members.values()) if (classic !== null) count++
    return count
  }

  timersOf(memberId: string): MemberTimers {
    const known = this.#timers.get(memberId)
    if (known !== undefined) return known
    const { groupId } = this
    const timers: MemberTimers = {
      session: { kind: 'session', groupId, memberId },
      rebalance: { kind: 'rebalance', groupId, memberId },
      join: { kind: 'join', groupId, memberId },
      sync: { kind: 'sync', groupId, memberId },
    }
    this.#timers.set(memberId, timers)
    return timers
  }

  /** The member as it is now; ownership follows. */
  put(member: ConsumerMember): void {
    const before = this.#members.get(member.memberId)
    if (before !== undefined) this.#release(before)
    this.#members.set(member.memberId, member)
    if (member.instanceId !== null) this.#staticMembers.set(member.instanceId, member.memberId)
    for (const partitions of [member.assigned, member.pendingRevocation]) {
      for (const [topicId, epochs] of partitions) {
        const owners = this.#owners.get(topicId) ?? new Map<number, string>()
        this.#owners.set(topicId, owners)
        for (const partition of epochs.keys()) owners.set(partition, member.memberId)
      }
    }
  }

  remove(memberId: string): void {
    const member = this.#members.get(memberId)
    if (member === undefined) return
    this.#release(member)
    this.#members.delete(memberId)
    this.#timers.delete(memberId)
    this.awaitedRejoins.delete(memberId)
    const { instanceId } = member
    if (instanceId !== null && this.#staticMembers.get(instanceId) === memberId)
      this.#staticMembers.delete(instanceId)
  }

  /** Another member may own it by now: while a log is loaded, records of one member can be older than another's. */
  #release({ assigned, memberId, pendingRevocation }: ConsumerMember): void {
    for (const partitions of [assigned, pendingRevocation]) {
      for (const [topicId, epochs] of partitions) {
        const owners = this.#owners.get(topicId)
        if (owners === undefined) continue
        for (const partition of epochs.keys())
          if (owners.get(partition) === memberId) owners.delete(partition)
        if (owners.size === 0) this.#owners.delete(topicId)
      }
    }
  }
}
