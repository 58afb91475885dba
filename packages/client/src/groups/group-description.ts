import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  type DescribeGroupsResponse,
  deleteGroups,
  describeGroups,
  ErrorCode,
  KafkaError,
  listGroups,
} from '@millrace/protocol'
import type { Cluster } from '../cluster.ts'
import type { TopicPartition } from '../consumer/consumer-record.ts'

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
  /** `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty` or `Dead`. */
  readonly state: string
  readonly protocolType: string
  /** The assignor in use. */
  readonly assignor: string
  readonly members: readonly GroupMember[]
}

type WireGroup = DescribeGroupsResponse['groups'][number]

/** The groups of every broker of the cluster. */
export async function listAllGroups(cluster: Cluster): Promise<GroupListing[]> {
  await cluster.metadata.readAll('brokers')
  const lists = await Promise.all(
    cluster.metadata.brokers.map(({ nodeId }) =>
      cluster.call({ nodeId }, listGroups, { statesFilter: [], typesFilter: [] }, ({ errorCode, groups }) => {
        if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, `groups of broker ${nodeId}`)
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

/** One group; null when there is none of that name. */
export function describeOneGroup(cluster: Cluster, group: string): Promise<GroupDescription | null> {
  return cluster.call({ group }, describeGroups, { groups: [group] }, ({ groups }) => {
    const found = groups.find(({ groupId }) => groupId === group)
    if (found === undefined || found.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return null
    if (found.errorCode !== ErrorCode.NONE) throw new KafkaError(found.errorCode, `group "${group}"`)
    // Before v6 an unknown group is answered as one that is dead.
    return found.groupState === 'Dead' ? null : readGroup(found)
  })
}

/** Deletes a group that has no members, and its committed offsets. */
export async function deleteOneGroup(cluster: Cluster, group: string): Promise<void> {
  await cluster.call({ group }, deleteGroups, { groupsNames: [group] }, ({ results }) => {
    for (const { groupId, errorCode } of results) {
      if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, `group "${groupId}"`)
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
