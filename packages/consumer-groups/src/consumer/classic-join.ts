import {
  type ConsumerProtocolSubscription,
  consumerProtocolSubscription,
  ErrorCode,
  KafkaError,
} from '@millrace/protocol'
import { type JoinOffer, metadataBytes, readOffer } from '../classic/join-offer.ts'
import { joinError } from '../classic/rebalance.ts'
import { CONSUMER_PROTOCOL_TYPE } from '../classic/subscribed-topics.ts'
import type { GroupEvent } from '../group-event.ts'
import type { GroupTable } from '../group-table.ts'
import type { Step } from '../step.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerMember, isReconciled } from './consumer-member.ts'
import { classicSpeakers, downgrade } from './downgrade.ts'
import { reconcileMember, refreshGroup, updateTarget } from './epochs.ts'
import { type MemberPlace, takePlace } from './find-member.ts'
import { noteWhatItSays } from './note-member.ts'
import type { TopicPartitions } from './topic-partitions.ts'

type JoinEvent = Extract<GroupEvent, { kind: 'join-group' }>

const FIRST_VERSION_WITH_MEMBER_ID_REQUIRED = 4

/**
 * A member of the classic protocol joins a KIP-848 group. It is answered at once: as a follower, since the broker
 * assigns, with its epoch as the generation. Its SyncGroup then brings its partitions.
 */
export function joinAsClassic(step: Step, table: GroupTable, group: ConsumerGroup, event: JoinEvent): void {
  try {
    join(step, table, group, event)
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    step.reply(event.token, joinError(error.code, event.request.memberId))
  }
}

function join(step: Step, table: GroupTable, group: ConsumerGroup, event: JoinEvent): void {
  const { origin, request, token } = event
  const offer = readOffer(request)
  const isUnknown = request.memberId === ''
  const memberId = isUnknown ? step.newMemberId(request.groupInstanceId ?? origin.clientId) : request.memberId
  checkOffer(step, group, { memberId, offer })
  if (
    isUnknown &&
    request.groupInstanceId === null &&
    origin.apiVersion >= FIRST_VERSION_WITH_MEMBER_ID_REQUIRED
  ) {
    // Nothing is remembered of it: the id alone makes it the same member when it comes back.
    step.reply(token, joinError(ErrorCode.MEMBER_ID_REQUIRED, memberId))
    return
  }
  const place = findPlace(group, { memberId, groupInstanceId: request.groupInstanceId, isUnknown })
  const subscription = readSubscription(offer)

  const before = takePlace(step, group, place)
  const hasSubscriptionChanged = noteWhatItSays(step, group, before, {
    instanceId: request.groupInstanceId ?? before.instanceId,
    rackId: subscription.rackId ?? before.rackId,
    clientId: origin.clientId,
    clientHost: origin.clientHost,
    subscribedTopicNames: [...new Set(subscription.topics)].sort(),
    subscribedTopicRegex: '',
    rebalanceTimeoutMs: offer.rebalanceTimeoutMs,
    serverAssignor: before.serverAssignor,
    classic: { sessionTimeoutMs: offer.sessionTimeoutMs, protocols: offer.protocols },
  })
  refreshGroup(step, group, hasSubscriptionChanged)
  updateTarget(step, group)
  reconcileMember(step, group, { memberId, owned: ownedBy(step, subscription), hasSubscriptionChanged })
  const after = group.members.get(memberId) ?? before
  if (!downgradeIfAlone(step, table, group, hasSubscriptionChanged)) watch(step, group, memberId, offer)
  step.reply(token, {
    errorCode: ErrorCode.NONE,
    generationId: after.memberEpoch,
    protocolType: CONSUMER_PROTOCOL_TYPE,
    protocolName: offer.protocols[0]?.name ?? '',
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  })
}

function checkOffer(
  step: Step,
  group: ConsumerGroup,
  { memberId, offer }: { memberId: string; offer: JoinOffer },
): void {
  if (metadataBytes(offer) > step.config.maxMemberMetadataBytes)
    throw new KafkaError(ErrorCode.MESSAGE_TOO_LARGE)
  if (!group.members.has(memberId) && group.members.size >= step.config.consumerGroupMaxSize) {
    throw new KafkaError(ErrorCode.GROUP_MAX_SIZE_REACHED)
  }
  const isSupported = offer.protocolType === CONSUMER_PROTOCOL_TYPE && supportsAny(group, offer)
  if (!isSupported) throw new KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
}

/** The members of the classic protocol have to be able to work together, should the group become theirs again. */
function supportsAny(group: ConsumerGroup, { protocols }: JoinOffer): boolean {
  const classics = [...group.members.values()].flatMap(({ classic }) => classic ?? [])
  return protocols.some(({ name }) =>
    classics.every((classic) => classic.protocols.some((known) => known.name === name)),
  )
}

function findPlace(
  group: ConsumerGroup,
  {
    groupInstanceId,
    isUnknown,
    memberId,
  }: { memberId: string; groupInstanceId: string | null; isUnknown: boolean },
): MemberPlace {
  if (groupInstanceId === null) {
    const member = group.members.get(memberId)
    return member === undefined ? { kind: 'new', memberId } : { kind: 'known', member }
  }
  const holder = group.staticMember(groupInstanceId)
  if (holder === undefined) {
    if (isUnknown) return { kind: 'new', memberId }
    throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
  }
  if (holder.memberId === memberId) return { kind: 'known', member: holder }
  if (isUnknown) return { kind: 'successor', old: holder, memberId }
  throw new KafkaError(ErrorCode.FENCED_INSTANCE_ID)
}

function readSubscription({ protocols }: JoinOffer): ConsumerProtocolSubscription {
  try {
    return consumerProtocolSubscription.decode(protocols[0]?.metadata ?? Buffer.alloc(0))
  } catch (error) {
    if (error instanceof RangeError) throw new KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    throw error
  }
}

function ownedBy(step: Step, { ownedPartitions }: ConsumerProtocolSubscription): TopicPartitions {
  const owned = new Map<string, Set<number>>()
  for (const { partitions, topic } of ownedPartitions) {
    const topicId = step.topics.find(topic)?.topicId
    if (topicId !== undefined) owned.set(topicId, new Set([...(owned.get(topicId) ?? []), ...partitions]))
  }
  return owned
}

/**
 * A static member of the new protocol that comes back as one of the classic protocol may have been the last of its
 * kind. A member that still waits for partitions must be told of the group's assignment, so there is a rebalance then;
 * Kafka leaves it waiting.
 */
function downgradeIfAlone(
  step: Step,
  table: GroupTable,
  group: ConsumerGroup,
  hasSubscriptionChanged: boolean,
): boolean {
  const members = classicSpeakers(step, [...group.members.values()])
  if (members === null) return false
  const isWaiting = members.some((member) => !isReconciled(member, group.groupEpoch))
  downgrade(step, table, { group, members, mustRebalance: hasSubscriptionChanged || isWaiting })
  return true
}

function watch(
  step: Step,
  group: ConsumerGroup,
  memberId: ConsumerMember['memberId'],
  offer: JoinOffer,
): void {
  const timers = group.timersOf(memberId)
  group.awaitedRejoins.delete(memberId)
  step.cancelTimer(timers.join)
  step.armTimer(timers.session, offer.sessionTimeoutMs)
  step.armTimer(timers.sync, offer.rebalanceTimeoutMs)
}
