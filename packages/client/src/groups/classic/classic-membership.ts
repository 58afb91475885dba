import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  ErrorCode,
  heartbeat,
  type JoinGroupResponse,
  joinGroup,
  leaveGroup,
  syncGroup,
} from '@millrace/protocol'
import { ClientError } from '../../client-error.ts'
import type { Cluster, SendOptions } from '../../cluster.ts'
import type { TopicPartition } from '../../consumer/consumer-record.ts'
import { resourceError } from '../../resource-error.ts'
import type { Assignor, SubscribedMember } from '../assignors/assignor.ts'
import { type Committer, groupByTopic } from '../committed-offsets.ts'
import type { GroupSettings } from '../group-options.ts'

/** What a member got from one rebalance. */
export interface Generation {
  readonly generationId: number
  readonly assignor: Assignor
  readonly assigned: readonly TopicPartition[]
  /** The leader divides the partitions, so it looks out for topics that change. */
  readonly isLeader: boolean
}

const PROTOCOL_TYPE = 'consumer'
const SUBSCRIPTION_VERSION = 3
/** What a broker needs beyond the time that the members have. */
const ANSWER_GRACE_MS = 5_000

/** This member in a classic group: joins, divides the partitions when it leads, keeps the session, leaves. */
export class ClassicMembership {
  readonly #cluster: Cluster
  readonly #settings: GroupSettings
  readonly #number: number
  #memberId = ''
  #generationId = -1

  constructor(cluster: Cluster, settings: GroupSettings) {
    this.#cluster = cluster
    this.#settings = settings
    this.#number = cluster.takePurposeNumber()
  }

  get memberId(): string {
    return this.#memberId
  }

  /** As whom to commit. */
  get committer(): Committer {
    const { group, instanceId } = this.#settings
    return { group, memberId: this.#memberId, generationId: this.#generationId, instanceId }
  }

  /** The broker does not know this member any more: the next join is a first one. */
  forget(): void {
    this.#memberId = ''
    this.#generationId = -1
  }

  /**
   * Takes part in one rebalance, one attempt. `countPartitions` is asked for the topics of all
   * members when this one has to divide them. Throws the KafkaError that the broker answered.
   */
  async join(
    topics: readonly string[],
    owned: readonly TopicPartition[],
    countPartitions: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>,
  ): Promise<Generation> {
    const joined = await this.#join(topics, owned)
    this.#memberId = joined.memberId
    const assignor = this.#assignor(joined.protocolName)
    const isLeader = joined.leader === joined.memberId
    const assignments =
      isLeader && !joined.skipAssignment ? await divide(assignor, joined, countPartitions) : []
    const assigned = await this.#sync(joined, assignments)
    this.#generationId = joined.generationId
    return { generationId: joined.generationId, assignor, assigned, isLeader }
  }

  /** Tells the broker that this member lives. Throws REBALANCE_IN_PROGRESS when it has to join again. */
  async heartbeat(): Promise<void> {
    const { group, instanceId, sessionTimeoutMs } = this.#settings
    const input = {
      groupId: group,
      generationId: this.#generationId,
      memberId: this.#memberId,
      groupInstanceId: instanceId,
    }
    const options = this.#options('group', sessionTimeoutMs)
    const answer = await this.#cluster.send({ group }, heartbeat, input, options)
    this.#check(answer.errorCode, 'Heartbeat')
  }

  /** Gives the partitions back at once. A static member stays, so that it can come back to them. */
  async leave(): Promise<void> {
    const { group, instanceId } = this.#settings
    if (this.#memberId === '' || instanceId !== null) return
    const members = [{ memberId: this.#memberId, groupInstanceId: null, reason: 'the consumer was closed' }]
    const input = { groupId: group, memberId: this.#memberId, members }
    this.forget()
    await this.#cluster.send({ group }, leaveGroup, input, this.#options('group', ANSWER_GRACE_MS))
  }

  close(): void {
    this.#cluster.links.closePurpose(`group ${this.#number}`)
    this.#cluster.links.closePurpose(`join ${this.#number}`)
  }

  async #join(topics: readonly string[], owned: readonly TopicPartition[]): Promise<JoinGroupResponse> {
    const { group, instanceId, sessionTimeoutMs, rebalanceTimeoutMs, assignors } = this.#settings
    const metadata = consumerProtocolSubscription.encode(SUBSCRIPTION_VERSION, {
      topics: [...topics].sort(),
      userData: this.#userData(),
      ownedPartitions: byTopic(owned),
      generationId: this.#generationId,
    })
    const ask = async (): Promise<JoinGroupResponse> => {
      const input = {
        groupId: group,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId: this.#memberId,
        groupInstanceId: instanceId,
        protocolType: PROTOCOL_TYPE,
        protocols: assignors.map(({ name }) => ({ name, metadata })),
      }
      const timeoutMs = Math.max(rebalanceTimeoutMs, sessionTimeoutMs) + ANSWER_GRACE_MS
      return this.#cluster.send({ group }, joinGroup, input, this.#options('join', timeoutMs))
    }
    let answer = await ask()
    if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
      // The broker has made a member id, and wants to see it used (KIP-394).
      this.#memberId = answer.memberId
      answer = await ask()
    }
    this.#check(answer.errorCode, 'JoinGroup')
    return answer
  }

  async #sync(
    { generationId, memberId, protocolName }: JoinGroupResponse,
    assignments: readonly { memberId: string; assignment: Buffer }[],
  ): Promise<TopicPartition[]> {
    const { group, instanceId, rebalanceTimeoutMs } = this.#settings
    const input = {
      groupId: group,
      generationId,
      memberId,
      groupInstanceId: instanceId,
      protocolType: PROTOCOL_TYPE,
      protocolName,
      assignments,
    }
    const options = this.#options('join', rebalanceTimeoutMs + ANSWER_GRACE_MS)
    const answer = await this.#cluster.send({ group }, syncGroup, input, options)
    this.#check(answer.errorCode, 'SyncGroup')
    if (answer.assignment.length === 0) return []
    const { assignedPartitions } = fromMember(`the assignment of group "${group}"`, () =>
      consumerProtocolAssignment.decode(answer.assignment),
    )
    return assignedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    )
  }

  #assignor(name: string | null): Assignor {
    const assignor = this.#settings.assignors.find((known) => known.name === name)
    if (assignor !== undefined) return assignor
    const message = `group "${this.#settings.group}" uses the assignor "${name}", which this member did not offer`
    throw new ClientError('INVALID_ASSIGNMENT', message)
  }

  /** Kafka's cooperative assignor reads the generation from here when others are older than KIP-792. */
  #userData(): Buffer | null {
    if (this.#generationId < 0) return null
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(this.#generationId)
    return bytes
  }

  #check(errorCode: number, what: string): void {
    if (errorCode === ErrorCode.NONE) return
    const { group } = this.#settings
    if (errorCode === ErrorCode.NOT_COORDINATOR || errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE) {
      this.#cluster.forgetCoordinator(group)
    }
    throw resourceError(`${what} of group "${group}"`, errorCode)
  }

  #options(kind: 'group' | 'join', timeoutMs: number): SendOptions {
    return { purpose: `${kind} ${this.#number}`, timeoutMs }
  }
}

/** Divides the partitions among the members, for the leader to send along. */
async function divide(
  assignor: Assignor,
  { members }: JoinGroupResponse,
  countPartitions: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>,
): Promise<{ memberId: string; assignment: Buffer }[]> {
  const subscribed: SubscribedMember[] = members.map(({ memberId, groupInstanceId, metadata }) => {
    const { topics, ownedPartitions, generationId } = fromMember(`the subscription of ${memberId}`, () =>
      consumerProtocolSubscription.decode(metadata),
    )
    const owned = ownedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    )
    return { memberId, instanceId: groupInstanceId, topics, owned, generationId }
  })
  const topics = [...new Set(subscribed.flatMap((member) => member.topics))]
  const assignment = assignor.assign(subscribed, await countPartitions(topics))
  return [...assignment].map(([memberId, partitions]) => ({
    memberId,
    assignment: consumerProtocolAssignment.encode(SUBSCRIPTION_VERSION, {
      assignedPartitions: byTopic(partitions),
    }),
  }))
}

/** What another member sent through the broker, which looks at none of it. */
function fromMember<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ClientError('INVALID_ASSIGNMENT', `${what} cannot be read: ${reason}`, { cause: error })
  }
}

function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return [...groupByTopic(partitions)].map(([topic, those]) => ({
    topic,
    partitions: those.map(({ partition }) => partition).sort((a, b) => a - b),
  }))
}
