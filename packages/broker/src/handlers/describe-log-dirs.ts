import { type DescribeLogDirsRequest, type DescribeLogDirsResponseInput, ErrorCode } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import type { Partition } from '../partition/partition.ts'
import type { Handler } from './handler.ts'

/** Kafka's `UNKNOWN_VOLUME_BYTES`. */
const UNKNOWN_BYTES = -1

type TopicReply = DescribeLogDirsResponseInput['results'][number]['topics'][number]

/** DescribeLogDirs, v1-5: the one data directory, under its path as it was configured (trap 26). */
export const handleDescribeLogDirs: Handler<DescribeLogDirsRequest, DescribeLogDirsResponseInput> = (
  services,
  { connection },
  request,
) => {
  const { dataDir, fileSystem } = services
  const { nodeId } = connection.listener
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    results: [
      {
        errorCode: ErrorCode.NONE,
        logDir: dataDir,
        topics: describeTopics(services, nodeId, request),
        totalBytes: fileSystem.totalBytes?.(dataDir) ?? UNKNOWN_BYTES,
        usableBytes: fileSystem.freeBytes(dataDir),
        isCordoned: false,
      },
    ],
  }
}

/** Partitions that are not here are left out, as in Kafka. */
function describeTopics(
  { catalog, clusterView, partitions }: BrokerServices,
  nodeId: number,
  { topics }: DescribeLogDirsRequest,
): TopicReply[] {
  const isHere = ({ topic, index }: Partition): boolean => {
    const replicationFactor = catalog.topic(topic)?.replicationFactor ?? 1
    return clusterView.replicasOf(topic, index, replicationFactor).includes(nodeId)
  }
  const asked =
    topics === null
      ? Array.from(catalog.topics(), ({ name }) => ({ name, indexes: null }))
      : Array.from(indexesByTopic(topics), ([name, indexes]) => ({ name, indexes }))
  return asked.flatMap(({ name, indexes }) => {
    const found = partitions
      .ofTopic(name)
      .filter((partition) => (indexes === null || indexes.has(partition.index)) && isHere(partition))
    return found.length === 0 ? [] : [{ name, partitions: found.map(describePartition) }]
  })
}

/** A topic that is named twice is answered once, as in Kafka. */
function indexesByTopic(
  topics: NonNullable<DescribeLogDirsRequest['topics']>,
): ReadonlyMap<string, ReadonlySet<number>> {
  const byTopic = new Map<string, Set<number>>()
  for (const { topic, partitions } of topics) {
    const indexes = byTopic.get(topic) ?? new Set<number>()
    for (const index of partitions) indexes.add(index)
    byTopic.set(topic, indexes)
  }
  return byTopic
}

function describePartition({ index, log }: Partition): TopicReply['partitions'][number] {
  return { partitionIndex: index, partitionSize: log?.sizeBytes ?? 0, offsetLag: 0, isFutureKey: false }
}
