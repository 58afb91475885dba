/**
 * What consumers tell each other through a classic group: brokers carry it as bytes, in JoinGroup's protocol
 * metadata and in SyncGroup's assignments. After Kafka's `ConsumerProtocol`.
 */
import type { Decoded, Input } from '../schema/infer.ts'
import { array, bytes, int32, nullable, since, string, withDefault } from '../schema/vocabulary.ts'
import { defineEmbeddedMessage } from './embedded-message.ts'

const topicPartition = { topic: string, partitions: array(int32) }

const subscription = {
  topics: array(string),
  userData: withDefault(nullable(bytes), null),
  ownedPartitions: since(1, array(topicPartition)),
  generationId: since(2, int32, -1),
  rackId: since(3, nullable(string), null),
}

const assignment = {
  assignedPartitions: array(topicPartition),
  userData: withDefault(nullable(bytes), null),
}

/**
 * What a member wants. v1 the partitions it owns, for cooperative rebalancing (KIP-429). v2 the generation it owned
 * them in (KIP-792). v3 its rack (KIP-881).
 */
export const consumerProtocolSubscription = defineEmbeddedMessage({
  validVersions: [0, 3],
  fields: subscription,
})

/** What a member gets. All versions have the same bytes: they follow the subscription's. */
export const consumerProtocolAssignment = defineEmbeddedMessage({ validVersions: [0, 3], fields: assignment })

export type ConsumerProtocolSubscription = Decoded<typeof subscription>
export type ConsumerProtocolSubscriptionInput = Input<typeof subscription>
export type ConsumerProtocolAssignment = Decoded<typeof assignment>
export type ConsumerProtocolAssignmentInput = Input<typeof assignment>
