import type { ConsumerGroupHeartbeatRequest } from '@millrace/protocol'
import type { ShardHarness } from './shard-harness.ts'

type Owned = readonly { readonly topicId: string; readonly partitions: readonly number[] }[]

/** A KIP-848 member as a client library is one: it remembers its epoch and what it owns, and obeys. */
export class ConsumerClient {
  readonly harness: ShardHarness
  readonly memberId: string
  readonly join: Partial<ConsumerGroupHeartbeatRequest>
  epoch = 0
  owned: Owned = []
  errorCode = 0

  constructor(harness: ShardHarness, memberId: string, join: Partial<ConsumerGroupHeartbeatRequest> = {}) {
    this.harness = harness
    this.memberId = memberId
    this.join = { subscribedTopicNames: ['topic'], rebalanceTimeoutMs: 60_000, ...join }
  }

  /** Joins, or says that it is alive and what it owns; takes in what it is told. */
  beat(said: Partial<ConsumerGroupHeartbeatRequest> = {}): this {
    const request =
      this.epoch === 0 ? { ...this.join, topicPartitions: [] } : { topicPartitions: wire(this.owned) }
    const { instanceId = null } = this.join
    const answer = this.harness.beat({
      memberId: this.memberId,
      memberEpoch: this.epoch,
      instanceId,
      ...request,
      ...said,
    })
    this.errorCode = answer.errorCode
    if (answer.errorCode === 0) {
      this.epoch = answer.memberEpoch
      this.owned = answer.assignment?.topicPartitions ?? this.owned
    }
    return this
  }

  leave(memberEpoch: -1 | -2 = -1): void {
    const { instanceId = null } = this.join
    this.errorCode = this.harness.beat({ memberId: this.memberId, memberEpoch, instanceId }).errorCode
    this.epoch = 0
    this.owned = []
  }

  /** The partition numbers it owns, of all topics. */
  get partitions(): number[] {
    return this.owned.flatMap(({ partitions }) => partitions).sort((one, other) => one - other)
  }
}

/** Heartbeats in turn, as often as it takes members to let go, confirm and be given. */
export function settle(...members: readonly ConsumerClient[]): void {
  for (let round = 0; round < 5; round++) for (const member of members) member.beat()
}

function wire(owned: Owned): { topicId: string; partitions: number[] }[] {
  return owned.map(({ partitions, topicId }) => ({ topicId, partitions: [...partitions] }))
}
