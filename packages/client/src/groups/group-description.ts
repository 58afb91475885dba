import {
  type ConsumerGroupDescribeResponse,
  consumerGroupDescribe,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  type DescribeGroupsResponse,
  deleteGroups,
  describeGroups,
  ErrorCode,
  leaveGroup,
  listGroups,
} from '@millrace/protocol'
import type { Cluster } from '../cluster.ts'
import type { TopicPartition } from '../consumer/consumer-record.ts'
import { requiredText } from '../option-check.ts'
import { resourceError } from '../resource-error.ts'

/** One line of the list of groups. */
export interface GroupListing {
  readonly group: string
  readonly protocolType: string
  /** Empty where the broker is too old to tell. */
  readonly state: string
  /** `classic`, `consumer` or `share`; empty where the broker is too old to tell. */
  readonly type: string
}

/** One member of a group. */
export interface GroupMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly topics: readonly string[]
  readonly assignment: readonly TopicPartition[]
}

/** A group as its coordinator sees it. */
export interface GroupDescription {
  readonly group: string
  /** By which protocol its members agree. */
  readonly protocol: 'classic' | 'consumer'
  /** `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty` or `Dead`. */
  readonly state: string
  readonly protocolType: string
  /** The assignor in use. */
  readonly assignor: string
  readonly members: readonly GroupMember[]
}

/** Answers for a group that does not exist, or is of another kind, or of a broker that has no such kind. */
const NOT_THIS_KIND: readonly number[] = [
  ErrorCode.GROUP_ID_NOT_FOUND,
  ErrorCode.INVALID_GROUP_ID,
  ErrorCode.UNSUPPORTED_VERSION,
]

type WireConsumerGroup = ConsumerGroupDescribeResponse['groups'][number]
type WireGroup = DescribeGroupsResponse['groups'][number]

/** A member by the id that the broker gave it, or by the instance id that stays its own. */
export type MemberName = { readonly memberId: string } | { readonly instanceId: string }

/** Takes members out of a group of the classic protocol, such as a static one that does not come back. */
export async function removeGroupMembers(
  cluster: Cluster,
  group: string,
  members: readonly MemberName[],
): Promise<void> {
  const input = {
    groupId: group,
    memberId: '',
    members: members.map((member) => ({
      memberId: 'memberId' in member ? member.memberId : '',
      groupInstanceId: 'instanceId' in member ? member.instanceId : null,
      reason: 'removed by an administrator',
    })),
  }
  await cluster.call({ group }, leaveGroup, input, (answer) => {
    const failed = [answer, ...answer.members].find(({ errorCode }) => errorCode !== ErrorCode.NONE)
    if (failed !== undefined) throw resourceError(`members of group "${group}"`, failed.errorCode)
  })
}

/** The groups of every broker of the cluster. */
export async function listAllGroups(cluster: Cluster): Promise<GroupListing[]> {
  await cluster.metadata.readAll('brokers')
  const lists = await Promise.all(
    cluster.metadata.brokers.map(({ nodeId }) =>
      cluster.call({ nodeId }, listGroups, { statesFilter: [], typesFilter: [] }, ({ errorCode, groups }) => {
        if (errorCode !== ErrorCode.NONE) throw resourceError(`groups of broker ${nodeId}`, errorCode)
        return groups.map(({ groupId, protocolType, groupState, groupType }) => ({
          group: groupId,
          protocolType,
          state: groupState,
          type: groupType,
        }))
      }),
    ),
  )
  return lists.flat().sort((a, b) => (a.group < b.group ? -1 : 1))
}

/** One group, of either protocol; null when there is none of that name. */
export async function describeOneGroup(cluster: Cluster, group: string): Promise<GroupDescription | null> {
  requiredText('group', group)
  return (await describeClassicGroup(cluster, group)) ?? (await describeConsumerGroup(cluster, group))
}

/** A group of KIP-848: DescribeGroups does not know of it. */
async function describeConsumerGroup(cluster: Cluster, group: string): Promise<GroupDescription | null> {
  const { versions } = await cluster.metadata.anyConnection()
  if (versions.highestCommon(consumerGroupDescribe) === null) return null
  const input = { groupIds: [group], includeAuthorizedOperations: false }
  return cluster.call({ group }, consumerGroupDescribe, input, ({ groups }) => {
    const found = groups.find(({ groupId }) => groupId === group)
    if (found === undefined || NOT_THIS_KIND.includes(found.errorCode)) return null
    if (found.errorCode !== ErrorCode.NONE) throw resourceError(`group "${group}"`, found.errorCode)
    return readConsumerGroup(found)
  })
}

function describeClassicGroup(cluster: Cluster, group: string): Promise<GroupDescription | null> {
  return cluster.call({ group }, describeGroups, { groups: [group] }, ({ groups }) => {
    const found = groups.find(({ groupId }) => groupId === group)
    if (found === undefined || found.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return null
    if (found.errorCode !== ErrorCode.NONE) throw resourceError(`group "${group}"`, found.errorCode)
    // Before v6 an unknown group is answered as one that is dead.
    return found.groupState === 'Dead' ? null : readGroup(found)
  })
}

/** Deletes a group that has no members, and its committed offsets. */
export async function deleteOneGroup(cluster: Cluster, group: string): Promise<void> {
  requiredText('group', group)
  await cluster.call({ group }, deleteGroups, { groupsNames: [group] }, ({ results }) => {
    for (const { groupId, errorCode } of results) {
      if (errorCode !== ErrorCode.NONE) throw resourceError(`group "${groupId}"`, errorCode)
    }
  })
}

function readGroup({
  groupId,
  groupState,
  protocolType,
  protocolData,
  members,
}: WireGroup): GroupDescription {
  return {
    group: groupId,
    protocol: 'classic',
    state: groupState,
    protocolType,
    assignor: protocolData,
    members: members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      topics: protocolType === 'consumer' ? topicsOf(member.memberMetadata) : [],
      assignment: protocolType === 'consumer' ? assignmentOf(member.memberAssignment) : [],
    })),
  }
}

function readConsumerGroup({
  groupId,
  groupState,
  assignorName,
  members,
}: WireConsumerGroup): GroupDescription {
  return {
    group: groupId,
    protocol: 'consumer',
    state: groupState,
    protocolType: 'consumer',
    assignor: assignorName,
    members: members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      topics: member.subscribedTopicNames,
      assignment: member.assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
        partitions.map((partition) => ({ topic: topicName, partition })),
      ),
    })),
  }
}

/** Members of other kinds may carry other bytes here; between rebalances there are none. */
function topicsOf(metadata: Buffer): readonly string[] {
  return metadata.length === 0 ? [] : consumerProtocolSubscription.decode(metadata).topics
}

function assignmentOf(assignment: Buffer): TopicPartition[] {
  if (assignment.length === 0) return []
  const { assignedPartitions } = consumerProtocolAssignment.decode(assignment)
  return assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}
