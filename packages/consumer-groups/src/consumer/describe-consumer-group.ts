import { ErrorCode } from '@millrace/protocol'
import { CONSUMER_PROTOCOL_TYPE } from '../classic/subscribed-topics.ts'
import type { DescribedConsumerGroup, ListedGroup } from '../group-event.ts'
import type { Step } from '../step.ts'
import type { TopicView } from '../topic-view.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type AssignedPartitions, type TopicPartitions, toWire } from './topic-partitions.ts'

type DescribedAssignment = DescribedConsumerGroup['members'][number]['assignment']

/** Everything that ConsumerGroupDescribe can tell of a group. */
export function describeConsumerGroup(
  { config, topics }: Step,
  group: ConsumerGroup,
): DescribedConsumerGroup {
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    groupId: group.groupId,
    groupState: group.state,
    groupEpoch: group.groupEpoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: group.preferredAssignor(config.consumerAssignors[0]),
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      rackId: member.rackId,
      memberEpoch: member.memberEpoch,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: [...member.subscribedTopicNames],
      subscribedTopicRegex: member.subscribedTopicRegex,
      assignment: named(topics, member.assigned),
      targetAssignment: named(topics, group.targetOf(member.memberId)),
      memberType: member.classic === null ? 1 : 0,
    })),
  }
}

/** One line of ListGroups. */
export function listConsumerGroup(group: ConsumerGroup): ListedGroup {
  return {
    groupId: group.groupId,
    protocolType: CONSUMER_PROTOCOL_TYPE,
    groupState: group.state,
    groupType: 'consumer',
  }
}

/** Topics that are gone have no name to be shown by. */
function named(topics: TopicView, partitions: TopicPartitions | AssignedPartitions): DescribedAssignment {
  const topicPartitions = toWire(partitions).flatMap((topic) => {
    const topicName = topics.findById(topic.topicId)?.name
    return topicName === undefined ? [] : [{ ...topic, topicName }]
  })
  return { topicPartitions }
}

/** The answer for a group that cannot be described. */
export function undescribedConsumerGroup(
  groupId: string,
  errorCode: number,
  errorMessage: string | null = null,
): DescribedConsumerGroup {
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState: '',
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: '',
    members: [],
  }
}
