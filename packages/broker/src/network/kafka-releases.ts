/** Kafka releases whose version ranges can be shown: `millrace.api.versions.cap`. */
export const KAFKA_RELEASES = ['2.4', '2.8', '3.3', '3.6', '3.9', '4.0', '4.1', '4.2', '4.3'] as const

export type KafkaRelease = (typeof KAFKA_RELEASES)[number]

/** Whether the text names one of them. */
export function isKafkaRelease(text: string): text is KafkaRelease {
  return (KAFKA_RELEASES as readonly string[]).includes(text)
}

/**
 * The highest version of an API that a broker of the release advertises; -1: it does not know the API. Source:
 * franz-go's kversion package, which is checked against running brokers. An API that no row names is newer than all.
 */
export function highestVersion(release: KafkaRelease, apiKey: number): number {
  return HIGHEST_BY_KEY.get(apiKey)?.[KAFKA_RELEASES.indexOf(release)] ?? -1
}

/** Key, name, and the highest version in each of the releases above. */
const HIGHEST: readonly (readonly [key: number, name: string, versions: readonly number[]])[] = [
  [0, 'Produce', [8, 9, 9, 9, 11, 12, 13, 13, 13]],
  [1, 'Fetch', [11, 12, 13, 15, 17, 17, 18, 18, 18]],
  [2, 'ListOffsets', [5, 6, 7, 8, 9, 10, 10, 11, 11]],
  [3, 'Metadata', [9, 11, 12, 12, 12, 13, 13, 13, 13]],
  [8, 'OffsetCommit', [8, 8, 8, 8, 9, 9, 9, 10, 10]],
  [9, 'OffsetFetch', [6, 7, 8, 8, 9, 9, 9, 10, 10]],
  [10, 'FindCoordinator', [3, 3, 4, 4, 6, 6, 6, 6, 6]],
  [11, 'JoinGroup', [6, 7, 9, 9, 9, 9, 9, 9, 9]],
  [12, 'Heartbeat', [4, 4, 4, 4, 4, 4, 4, 4, 4]],
  [13, 'LeaveGroup', [4, 4, 5, 5, 5, 5, 5, 5, 5]],
  [14, 'SyncGroup', [4, 5, 5, 5, 5, 5, 5, 5, 5]],
  [15, 'DescribeGroups', [5, 5, 5, 5, 5, 6, 6, 6, 6]],
  [16, 'ListGroups', [3, 4, 4, 4, 5, 5, 5, 5, 5]],
  [17, 'SaslHandshake', [1, 1, 1, 1, 1, 1, 1, 1, 1]],
  [18, 'ApiVersions', [3, 3, 3, 3, 4, 4, 4, 4, 4]],
  [19, 'CreateTopics', [5, 7, 7, 7, 7, 7, 7, 7, 7]],
  [20, 'DeleteTopics', [4, 6, 6, 6, 6, 6, 6, 6, 6]],
  [21, 'DeleteRecords', [1, 2, 2, 2, 2, 2, 2, 2, 2]],
  [22, 'InitProducerId', [2, 4, 4, 4, 5, 5, 5, 5, 5]],
  [23, 'OffsetForLeaderEpoch', [3, 4, 4, 4, 4, 4, 4, 4, 4]],
  [24, 'AddPartitionsToTxn', [1, 3, 3, 4, 5, 5, 5, 5, 5]],
  [25, 'AddOffsetsToTxn', [1, 3, 3, 3, 4, 4, 4, 4, 4]],
  [26, 'EndTxn', [1, 3, 3, 3, 4, 5, 5, 5, 5]],
  [27, 'WriteTxnMarkers', [0, 1, 1, 1, 1, 1, 1, 2, 2]],
  [28, 'TxnOffsetCommit', [2, 3, 3, 3, 4, 5, 5, 5, 5]],
  [29, 'DescribeAcls', [1, 2, 3, 3, 3, 3, 3, 3, 3]],
  [30, 'CreateAcls', [1, 2, 3, 3, 3, 3, 3, 3, 3]],
  [31, 'DeleteAcls', [1, 2, 3, 3, 3, 3, 3, 3, 3]],
  [32, 'DescribeConfigs', [2, 4, 4, 4, 4, 4, 4, 4, 4]],
  [33, 'AlterConfigs', [1, 2, 2, 2, 2, 2, 2, 2, 2]],
  [34, 'AlterReplicaLogDirs', [1, 2, 2, 2, 2, 2, 2, 2, 2]],
  [35, 'DescribeLogDirs', [1, 2, 4, 4, 4, 4, 4, 4, 5]],
  [36, 'SaslAuthenticate', [1, 2, 2, 2, 2, 2, 2, 2, 2]],
  [37, 'CreatePartitions', [1, 3, 3, 3, 3, 3, 3, 3, 3]],
  [42, 'DeleteGroups', [2, 2, 2, 2, 2, 2, 2, 2, 2]],
  [43, 'ElectLeaders', [2, 2, 2, 2, 2, 2, 2, 2, 2]],
  [44, 'IncrementalAlterConfigs', [1, 1, 1, 1, 1, 1, 1, 1, 1]],
  [45, 'AlterPartitionReassignments', [0, 0, 0, 0, 0, 0, 1, 1, 1]],
  [46, 'ListPartitionReassignments', [0, 0, 0, 0, 0, 0, 0, 0, 0]],
  [47, 'OffsetDelete', [0, 0, 0, 0, 0, 0, 0, 0, 0]],
  [48, 'DescribeClientQuotas', [-1, 1, 1, 1, 1, 1, 1, 1, 1]],
  [49, 'AlterClientQuotas', [-1, 1, 1, 1, 1, 1, 1, 1, 1]],
  [50, 'DescribeUserScramCredentials', [-1, 0, 0, 0, 0, 0, 0, 0, 0]],
  [51, 'AlterUserScramCredentials', [-1, 0, 0, 0, 0, 0, 0, 0, 0]],
  [57, 'UpdateFeatures', [-1, 0, 1, 1, 1, 2, 2, 2, 2]],
  [60, 'DescribeCluster', [-1, 0, 0, 0, 1, 2, 2, 2, 2]],
  [61, 'DescribeProducers', [-1, 0, 0, 0, 0, 0, 0, 0, 0]],
  [65, 'DescribeTransactions', [-1, -1, 0, 0, 0, 0, 0, 0, 0]],
  [66, 'ListTransactions', [-1, -1, 0, 0, 1, 1, 2, 2, 2]],
  [68, 'ConsumerGroupHeartbeat', [-1, -1, -1, -1, 0, 1, 1, 1, 1]],
  [69, 'ConsumerGroupDescribe', [-1, -1, -1, -1, 0, 1, 1, 1, 1]],
  [74, 'ListConfigResources', [-1, -1, -1, -1, -1, 0, 1, 1, 1]],
  [75, 'DescribeTopicPartitions', [-1, -1, -1, -1, -1, 0, 0, 0, 0]],
  [76, 'ShareGroupHeartbeat', [-1, -1, -1, -1, -1, -1, 1, 1, 1]],
  [77, 'ShareGroupDescribe', [-1, -1, -1, -1, -1, -1, 1, 1, 1]],
  [78, 'ShareFetch', [-1, -1, -1, -1, -1, -1, 1, 2, 2]],
  [79, 'ShareAcknowledge', [-1, -1, -1, -1, -1, -1, 1, 2, 2]],
]

const HIGHEST_BY_KEY = new Map(HIGHEST.map(([key, , versions]) => [key, versions]))
