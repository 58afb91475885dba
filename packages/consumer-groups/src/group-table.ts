import { applyGroupMetadata } from './classic/apply-group-metadata.ts'
import { ClassicGroup } from './classic/classic-group.ts'
import { applyConsumerRecord } from './consumer/apply-consumer-record.ts'
import { ConsumerGroup } from './consumer/consumer-group.ts'
import { CommittedOffsets } from './offsets/committed-offsets.ts'
import type { ConsumerGroupRecord } from './records/consumer-group-records.ts'
import type { GroupRecord } from './records/group-record.ts'

/** A group of either protocol. */
export type Group = ClassicGroup | ConsumerGroup

/**
 * What a shard remembers: its groups and their committed offsets. `apply` is how durable state changes (G1), for a
 * record that was just made and for one that is read back.
 */
export class GroupTable {
  readonly offsets = new CommittedOffsets()
  readonly #groups = new Map<string, Group>()

  get groups(): ReadonlyMap<string, Group> {
    return this.#groups
  }

  get(groupId: string): Group | undefined {
    return this.#groups.get(groupId)
  }

  /** A classic group that nothing was persisted of yet. */
  createClassic(groupId: string, nowMs: number): ClassicGroup {
    const group = new ClassicGroup(groupId, nowMs)
    this.#groups.set(groupId, group)
    return group
  }

  /** A KIP-848 group that nothing was persisted of yet: its member's records are about to be. */
  createConsumer(groupId: string): ConsumerGroup {
    const group = new ConsumerGroup(groupId)
    this.#groups.set(groupId, group)
    return group
  }

  /** A group that was never persisted and holds nothing is as good as one that was never there. */
  forgetIfUnused(group: ClassicGroup): void {
    const isUsed = group.isPersisted || group.state !== 'Empty' || group.pendingMembers.size > 0
    if (isUsed || this.offsets.has(group.groupId)) return
    if (this.#groups.get(group.groupId) === group) this.#groups.delete(group.groupId)
  }

  /** `nowMs` dates a group that is made by the record; -1 while loading, where only records know when things were. */
  apply(record: GroupRecord, nowMs: number): void {
    switch (record.kind) {
      case 'offset-commit':
        this.#applyCommit(record, nowMs)
        break
      case 'group-metadata':
        this.#applyClassic(record, nowMs)
        break
      default:
        this.#applyConsumer(record, nowMs)
    }
  }

  /** Whoever commits without being a member of anything has a group all the same: an empty one without a protocol. */
  #applyCommit(record: Extract<GroupRecord, { kind: 'offset-commit' }>, nowMs: number): void {
    const { groupId, partition, topic, value } = record
    if (value === null) {
      this.offsets.delete(groupId, topic, partition)
      return
    }
    if (!this.#groups.has(groupId)) this.createClassic(groupId, nowMs)
    this.offsets.set(groupId, topic, partition, value)
  }

  #applyClassic({ groupId, value }: Extract<GroupRecord, { kind: 'group-metadata' }>, nowMs: number): void {
    const known = this.#groups.get(groupId)
    if (value !== null) {
      const group = known?.kind === 'classic' ? known : this.createClassic(groupId, nowMs)
      applyGroupMetadata(group, value)
    } else if (known?.kind === 'classic') {
      this.#bury(groupId, nowMs)
    }
  }

  #applyConsumer(record: ConsumerGroupRecord, nowMs: number): void {
    const { groupId, kind, value } = record
    const known = this.#groups.get(groupId)
    if (known?.kind === 'consumer') {
      if (kind === 'consumer-group-metadata' && value === null) this.#bury(groupId, nowMs)
      else applyConsumerRecord(known, record)
    } else if (value !== null) {
      // Members may have come over from the classic protocol; its record was buried first.
      applyConsumerRecord(this.createConsumer(groupId), record)
    }
  }

  /** Committed offsets outlive the group's protocol: what is left is a group that only committed. */
  #bury(groupId: string, nowMs: number): void {
    this.#groups.delete(groupId)
    if (this.offsets.has(groupId)) this.createClassic(groupId, nowMs)
  }
}
