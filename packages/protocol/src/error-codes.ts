/** One row of Kafka's error table. */
export interface ErrorInfo {
  readonly code: number
  readonly name: string
  /** Whether the same request may succeed later: what Kafka's clients retry. */
  readonly retriable: boolean
  readonly message: string
}

interface Row<Code extends number> {
  readonly code: Code
  readonly retriable: boolean
  readonly message: string
}

/** Kafka's table as of 4.3, in our words. `retry` marks its `RetriableException`s. */
const table = {
  UNKNOWN_SERVER_ERROR: final(-1, 'The broker failed in a way it has no code for; its log says more.'),
  NONE: final(0, 'No error.'),
  OFFSET_OUT_OF_RANGE: final(1, 'The offset lies below the log start offset or above the log end offset.'),
  CORRUPT_MESSAGE: retry(2, 'The batch fails its CRC, its length or its format.'),
  UNKNOWN_TOPIC_OR_PARTITION: retry(3, 'There is no such topic or partition here.'),
  INVALID_FETCH_SIZE: final(4, 'The fetch size cannot be served.'),
  LEADER_NOT_AVAILABLE: retry(5, 'The partition has no leader at the moment.'),
  NOT_LEADER_OR_FOLLOWER: retry(6, 'Another broker leads this partition; refresh the metadata.'),
  REQUEST_TIMED_OUT: retry(7, 'The request was not finished within its timeout.'),
  BROKER_NOT_AVAILABLE: final(8, 'The broker is not available.'),
  REPLICA_NOT_AVAILABLE: retry(9, 'This broker holds no replica of the partition.'),
  MESSAGE_TOO_LARGE: final(10, 'The batch is larger than max.message.bytes.'),
  STALE_CONTROLLER_EPOCH: final(11, 'A newer controller has taken over.'),
  OFFSET_METADATA_TOO_LARGE: final(12, 'The metadata of a committed offset is larger than allowed.'),
  NETWORK_EXCEPTION: retry(13, 'The connection ended before the response arrived.'),
  COORDINATOR_LOAD_IN_PROGRESS: retry(14, 'The coordinator is still reading its state; try again.'),
  COORDINATOR_NOT_AVAILABLE: retry(15, 'No coordinator is available; try again.'),
  NOT_COORDINATOR: retry(16, 'Another broker coordinates this group or transaction; look it up again.'),
  INVALID_TOPIC_EXCEPTION: final(
    17,
    "The topic's name is not allowed, or the operation is not allowed on this topic.",
  ),
  RECORD_LIST_TOO_LARGE: final(18, 'The batch is larger than a segment may be.'),
  NOT_ENOUGH_REPLICAS: retry(
    19,
    'Fewer replicas are in sync than min.insync.replicas asks for; nothing was written.',
  ),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: retry(
    20,
    'The batch was written, but to fewer replicas than min.insync.replicas asks for.',
  ),
  INVALID_REQUIRED_ACKS: final(21, 'acks is none of -1, 0 and 1.'),
  ILLEGAL_GENERATION: final(22, "The member's generation is not the group's."),
  INCONSISTENT_GROUP_PROTOCOL: final(
    23,
    'The member shares no protocol with the group, or named another protocol type.',
  ),
  INVALID_GROUP_ID: final(24, 'The group id is empty or not allowed.'),
  UNKNOWN_MEMBER_ID: final(25, 'The group has no such member.'),
  INVALID_SESSION_TIMEOUT: final(26, 'The session timeout is outside the range that the broker allows.'),
  REBALANCE_IN_PROGRESS: final(27, 'The group is rebalancing; join again.'),
  INVALID_COMMIT_OFFSET_SIZE: final(28, 'The offsets to commit are too large.'),
  TOPIC_AUTHORIZATION_FAILED: final(29, 'Not authorized for this topic.'),
  GROUP_AUTHORIZATION_FAILED: final(30, 'Not authorized for this group.'),
  CLUSTER_AUTHORIZATION_FAILED: final(31, 'Not authorized for this operation on the cluster.'),
  INVALID_TIMESTAMP: final(32, "A record's timestamp is outside the range that the topic allows."),
  UNSUPPORTED_SASL_MECHANISM: final(33, 'The SASL mechanism is not enabled.'),
  ILLEGAL_SASL_STATE: final(34, 'The request does not belong to this step of the authentication.'),
  UNSUPPORTED_VERSION: final(35, 'The broker does not speak this version of the API.'),
  TOPIC_ALREADY_EXISTS: final(36, 'A topic of this name exists.'),
  INVALID_PARTITIONS: final(37, 'The number of partitions is not allowed.'),
  INVALID_REPLICATION_FACTOR: final(38, 'The replication factor is below 1 or above the number of brokers.'),
  INVALID_REPLICA_ASSIGNMENT: final(
    39,
    'The replica assignment names unknown brokers or does not fit the topic.',
  ),
  INVALID_CONFIG: final(40, 'A config is unknown, or its value is not allowed.'),
  NOT_CONTROLLER: retry(41, 'Another broker is the controller.'),
  INVALID_REQUEST: final(42, 'The request contradicts itself or the protocol.'),
  UNSUPPORTED_FOR_MESSAGE_FORMAT: final(43, "The log's message format cannot do this."),
  POLICY_VIOLATION: final(44, 'A policy of the cluster forbids this.'),
  OUT_OF_ORDER_SEQUENCE_NUMBER: final(45, "The batch does not follow the producer's previous one."),
  DUPLICATE_SEQUENCE_NUMBER: final(46, 'The batch was written before.'),
  INVALID_PRODUCER_EPOCH: final(47, 'A newer epoch of this producer id has been seen.'),
  INVALID_TXN_STATE: final(48, 'The transaction is not in a state that allows this.'),
  INVALID_PRODUCER_ID_MAPPING: final(49, 'The producer id does not belong to this transactional id.'),
  INVALID_TRANSACTION_TIMEOUT: final(50, 'The transaction timeout is above transaction.max.timeout.ms.'),
  CONCURRENT_TRANSACTIONS: retry(51, 'The previous transaction is still being completed; try again.'),
  TRANSACTION_COORDINATOR_FENCED: final(52, 'A newer transaction coordinator has taken over.'),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: final(53, 'Not authorized for this transactional id.'),
  SECURITY_DISABLED: final(54, 'Security features are off on this broker.'),
  OPERATION_NOT_ATTEMPTED: final(55, 'Not tried, because another part of the same request failed.'),
  KAFKA_STORAGE_ERROR: retry(56, "The partition's log is offline after a disk error."),
  LOG_DIR_NOT_FOUND: final(57, 'There is no such log directory.'),
  SASL_AUTHENTICATION_FAILED: final(58, 'Authentication failed.'),
  UNKNOWN_PRODUCER_ID: final(59, 'The partition does not know this producer id.'),
  REASSIGNMENT_IN_PROGRESS: final(60, 'The partition is being reassigned.'),
  DELEGATION_TOKEN_AUTH_DISABLED: final(61, 'Delegation tokens are off on this broker.'),
  DELEGATION_TOKEN_NOT_FOUND: final(62, 'There is no such delegation token.'),
  DELEGATION_TOKEN_OWNER_MISMATCH: final(63, 'The principal neither owns nor may renew this token.'),
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: final(
    64,
    'Delegation tokens cannot be requested over this kind of connection.',
  ),
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: final(65, 'Not authorized for this delegation token.'),
  DELEGATION_TOKEN_EXPIRED: final(66, 'The delegation token has expired.'),
  INVALID_PRINCIPAL_TYPE: final(67, 'The principal type is not supported.'),
  NON_EMPTY_GROUP: final(68, 'The group has members.'),
  GROUP_ID_NOT_FOUND: final(69, 'There is no such group.'),
  FETCH_SESSION_ID_NOT_FOUND: retry(70, 'The fetch session is gone; start a new one.'),
  INVALID_FETCH_SESSION_EPOCH: retry(71, 'The fetch session is at another epoch; start a new one.'),
  LISTENER_NOT_FOUND: retry(72, 'The leader has no listener of the kind this request came in on.'),
  TOPIC_DELETION_DISABLED: final(73, 'Deleting topics is off on this broker.'),
  FENCED_LEADER_EPOCH: retry(
    74,
    "The leader epoch in the request is older than the partition's; refresh the metadata.",
  ),
  UNKNOWN_LEADER_EPOCH: retry(75, "The leader epoch in the request is newer than the partition's."),
  UNSUPPORTED_COMPRESSION_TYPE: final(76, 'The compression is not supported here.'),
  STALE_BROKER_EPOCH: final(77, 'The broker has registered anew since.'),
  OFFSET_NOT_AVAILABLE: retry(78, 'A new leader does not know the high watermark yet; try again.'),
  MEMBER_ID_REQUIRED: final(79, 'Join again with the member id of this response.'),
  PREFERRED_LEADER_NOT_AVAILABLE: retry(80, 'The preferred leader is not available.'),
  GROUP_MAX_SIZE_REACHED: final(81, 'The group has as many members as group.max.size allows.'),
  FENCED_INSTANCE_ID: final(82, 'Another member has joined with the same group instance id.'),
  ELIGIBLE_LEADERS_NOT_AVAILABLE: retry(83, 'No replica that may become leader is available.'),
  ELECTION_NOT_NEEDED: retry(84, 'The partition has the right leader already.'),
  NO_REASSIGNMENT_IN_PROGRESS: final(85, 'The partition is not being reassigned.'),
  GROUP_SUBSCRIBED_TO_TOPIC: final(
    86,
    'The group is subscribed to this topic, so its offsets cannot be deleted.',
  ),
  INVALID_RECORD: final(87, 'A record of the batch is not allowed in this topic.'),
  UNSTABLE_OFFSET_COMMIT: retry(
    88,
    'A transaction that commits offsets for this partition is still open; try again.',
  ),
  THROTTLING_QUOTA_EXCEEDED: retry(89, 'A quota is used up; try again later.'),
  PRODUCER_FENCED: final(90, 'A newer producer with the same transactional id has taken over.'),
  RESOURCE_NOT_FOUND: final(91, 'There is no such resource.'),
  DUPLICATE_RESOURCE: final(92, 'The request names the same resource twice.'),
  UNACCEPTABLE_CREDENTIAL: final(93, 'The credential does not meet the requirements.'),
  INCONSISTENT_VOTER_SET: final(94, 'Sender or receiver is not one of the expected voters.'),
  INVALID_UPDATE_VERSION: final(95, 'The feature version is not allowed here.'),
  FEATURE_UPDATE_FAILED: final(96, 'The feature could not be updated.'),
  PRINCIPAL_DESERIALIZATION_FAILURE: final(97, "The forwarded request's principal cannot be read."),
  SNAPSHOT_NOT_FOUND: final(98, 'There is no such snapshot.'),
  POSITION_OUT_OF_RANGE: final(99, 'The position lies outside the snapshot.'),
  UNKNOWN_TOPIC_ID: retry(100, 'There is no topic with this id here.'),
  DUPLICATE_BROKER_REGISTRATION: final(101, 'Another broker is registered with this id.'),
  BROKER_ID_NOT_REGISTERED: final(102, 'No broker is registered with this id.'),
  INCONSISTENT_TOPIC_ID: retry(103, 'The topic id is not the one of this topic.'),
  INCONSISTENT_CLUSTER_ID: final(104, 'The request is meant for another cluster.'),
  TRANSACTIONAL_ID_NOT_FOUND: final(105, 'There is no such transactional id.'),
  FETCH_SESSION_TOPIC_ID_ERROR: retry(106, 'The fetch session mixes topic ids and names; start a new one.'),
  INELIGIBLE_REPLICA: final(107, 'A replica of the new in-sync set may not be in it.'),
  NEW_LEADER_ELECTED: final(108, 'The partition was changed, and another leader elected.'),
  OFFSET_MOVED_TO_TIERED_STORAGE: final(109, 'The offset has moved to tiered storage.'),
  FENCED_MEMBER_EPOCH: final(
    110,
    "The member's epoch is no longer valid; give up all partitions and join again.",
  ),
  UNRELEASED_INSTANCE_ID: final(111, 'Another member still uses this instance id.'),
  UNSUPPORTED_ASSIGNOR: final(112, 'The group cannot use this assignor.'),
  STALE_MEMBER_EPOCH: final(113, "The member's epoch is old; try again after the next heartbeat."),
  MISMATCHED_ENDPOINT_TYPE: final(114, 'The request went to the wrong kind of endpoint.'),
  UNSUPPORTED_ENDPOINT_TYPE: final(115, 'This kind of endpoint is not supported.'),
  UNKNOWN_CONTROLLER_ID: final(116, 'There is no such controller.'),
  UNKNOWN_SUBSCRIPTION_ID: final(117, 'The telemetry subscription is unknown or outdated.'),
  TELEMETRY_TOO_LARGE: final(118, 'The pushed telemetry is larger than allowed.'),
  INVALID_REGISTRATION: final(119, "The controller refused the broker's registration."),
  TRANSACTION_ABORTABLE: final(120, 'The transaction must be aborted; the transactional id stays usable.'),
  INVALID_RECORD_STATE: final(121, 'The record is not in a state that can be acknowledged.'),
  SHARE_SESSION_NOT_FOUND: retry(122, 'The share session is gone; start a new one.'),
  INVALID_SHARE_SESSION_EPOCH: retry(123, 'The share session is at another epoch; start a new one.'),
  FENCED_STATE_EPOCH: final(124, "The share group's state epoch does not match."),
  INVALID_VOTER_KEY: final(125, "The voter's key is not the one of this replica."),
  DUPLICATE_VOTER: final(126, 'This voter is in the set already.'),
  VOTER_NOT_FOUND: final(127, 'This voter is not in the set.'),
  INVALID_REGULAR_EXPRESSION: final(128, 'The regular expression cannot be used.'),
  REBOOTSTRAP_REQUIRED: final(
    129,
    "The client's metadata is too old; start from the bootstrap addresses again.",
  ),
  STREAMS_INVALID_TOPOLOGY: final(130, 'The streams topology is not valid.'),
  STREAMS_INVALID_TOPOLOGY_EPOCH: final(131, 'The streams topology epoch is not valid.'),
  STREAMS_TOPOLOGY_FENCED: final(132, 'The streams topology epoch is outdated.'),
  SHARE_SESSION_LIMIT_REACHED: retry(133, 'The broker holds as many share sessions as it may; try again.'),
}

export type ErrorName = keyof typeof table

/** Kafka's error codes by name. */
export const ErrorCode = Object.fromEntries(
  Object.entries(table).map(([name, { code }]) => [name, code]),
) as { readonly [Name in ErrorName]: (typeof table)[Name]['code'] }

/** The whole table, by code. */
export const allErrors: readonly ErrorInfo[] = Object.entries(table).map(([name, row]) => ({ name, ...row }))

const byCode: ReadonlyMap<number, ErrorInfo> = new Map(allErrors.map((info) => [info.code, info]))

/** A code that this table does not know, from a newer peer, is described as such and not retriable. */
export function errorInfo(code: number): ErrorInfo {
  return (
    byCode.get(code) ?? {
      code,
      name: `UNKNOWN_${code}`,
      retriable: false,
      message: `Unknown error code ${code}.`,
    }
  )
}

/** The same request will fail again. */
function final<const Code extends number>(code: Code, message: string): Row<Code> {
  return { code, retriable: false, message }
}

/** The same request may succeed later. */
function retry<const Code extends number>(code: Code, message: string): Row<Code> {
  return { code, retriable: true, message }
}
