import {
  alterPartitionReassignments,
  deleteRecords,
  describeLogDirs,
  describeProducers,
  ErrorCode,
  electLeaders,
  KafkaError,
  listPartitionReassignments,
  offsetDelete,
} from '@millrace/protocol'
import type { Cluster } from '../cluster.ts'
import type { TopicPartition } from '../consumer/consumer-record.ts'
import { groupByTopic } from '../groups/committed-offsets.ts'
import { resourceError } from '../resource-error.ts'

/** Delete what lies before this offset; -1 for all that is there. */
export interface RecordsToDelete extends TopicPartition {
  readonly before: number
}

/** What one partition takes in one data directory of one broker. */
export interface LogSize extends TopicPartition {
  readonly nodeId: number
  readonly directory: string
  readonly sizeBytes: number
}

/** A producer that a partition remembers. */
export interface ActiveProducer {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastTimestampMs: number
  /** -1 outside of a transaction. */
  readonly transactionStartOffset: number
}

/** A partition whose replicas are being moved. */
export interface Reassignment extends TopicPartition {
  readonly replicas: readonly number[]
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

/** Moves the beginning of partitions up. Gives where each begins now, in the order asked. */
export async function deleteRecordsBefore(
  cluster: Cluster,
  places: readonly RecordsToDelete[],
): Promise<readonly (TopicPartition & { readonly begin: number })[]> {
  const byLeader = await groupByLeader(cluster, places)
  const begins = new Map<string, number>()
  await Promise.all(
    [...byLeader].map(([nodeId, group]) => {
      const topics = [...groupByTopic(group)].map(([name, partitions]) => ({
        name,
        partitions: partitions.map(({ partition, before }) => ({
          partitionIndex: partition,
          offset: before,
        })),
      }))
      const input = { topics, timeoutMs: cluster.settings.requestTimeoutMs }
      return cluster.call({ nodeId }, deleteRecords, input, (answer) => {
        for (const { name, partitions } of answer.topics) {
          for (const { partitionIndex, lowWatermark, errorCode } of partitions) {
            if (errorCode !== ErrorCode.NONE)
              throw resourceError(`records of ${name}/${partitionIndex}`, errorCode)
            begins.set(`${name}/${partitionIndex}`, lowWatermark)
          }
        }
      })
    }),
  )
  return places.map(({ topic, partition }) => ({
    topic,
    partition,
    begin: begins.get(`${topic}/${partition}`) ?? -1,
  }))
}

/** Deletes committed offsets of a group that does not read these topics at the moment. */
export async function deleteGroupOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly TopicPartition[],
): Promise<void> {
  const topics = [...groupByTopic(partitions)].map(([name, those]) => ({
    name,
    partitions: those.map(({ partition }) => ({ partitionIndex: partition })),
  }))
  await cluster.call({ group }, offsetDelete, { groupId: group, topics }, (answer) => {
    if (answer.errorCode !== ErrorCode.NONE) throw resourceError(`group "${group}"`, answer.errorCode)
    for (const { name, partitions: answers } of answer.topics) {
      for (const { partitionIndex, errorCode } of answers) {
        if (errorCode !== ErrorCode.NONE)
          throw resourceError(`group "${group}", ${name}/${partitionIndex}`, errorCode)
      }
    }
  })
}

/** What each partition takes on each broker's disk. */
export async function readLogSizes(cluster: Cluster): Promise<LogSize[]> {
  await cluster.metadata.readAll('brokers')
  const sizes = await Promise.all(
    cluster.metadata.brokers.map(({ nodeId }) =>
      cluster.call({ nodeId }, describeLogDirs, { topics: null }, ({ results }) =>
        results.flatMap(({ logDir, topics, errorCode }) => {
          if (errorCode !== ErrorCode.NONE) throw resourceError(`${logDir} of broker ${nodeId}`, errorCode)
          return topics.flatMap(({ name, partitions }) =>
            partitions.map(({ partitionIndex, partitionSize }) => ({
              topic: name,
              partition: partitionIndex,
              nodeId,
              directory: logDir,
              sizeBytes: partitionSize,
            })),
          )
        }),
      ),
    ),
  )
  return sizes.flat()
}

/** The producers that a partition remembers. */
export async function readProducers(cluster: Cluster, place: TopicPartition): Promise<ActiveProducer[]> {
  const [nodeId] = (await groupByLeader(cluster, [place])).keys()
  const input = { topics: [{ name: place.topic, partitionIndexes: [place.partition] }] }
  return cluster.call({ nodeId: nodeId ?? -1 }, describeProducers, input, ({ topics }) =>
    topics.flatMap(({ partitions }) =>
      partitions.flatMap(({ errorCode, errorMessage, activeProducers }) => {
        if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined)
        return activeProducers.map((producer) => ({
          producerId: producer.producerId,
          producerEpoch: producer.producerEpoch,
          lastSequence: producer.lastSequence,
          lastTimestampMs: producer.lastTimestamp,
          transactionStartOffset: producer.currentTxnStartOffset,
        }))
      }),
    ),
  )
}

/** Makes the preferred replica the leader again, of these partitions or of all. */
export async function electPreferredLeaders(
  cluster: Cluster,
  places: readonly TopicPartition[] | null,
): Promise<void> {
  const topicPartitions =
    places === null
      ? null
      : [...groupByTopic(places)].map(([topic, those]) => ({
          topic,
          partitions: those.map(({ partition }) => partition),
        }))
  await cluster.call('controller', electLeaders, { electionType: 0, topicPartitions }, (answer) => {
    if (answer.errorCode !== ErrorCode.NONE) throw new KafkaError(answer.errorCode)
    for (const { topic, partitionResult } of answer.replicaElectionResults) {
      for (const { partitionId, errorCode, errorMessage } of partitionResult) {
        if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.ELECTION_NOT_NEEDED) continue
        throw resourceError(`${topic}/${partitionId}`, errorCode, errorMessage)
      }
    }
  })
}

/** Moves the replicas of partitions; null calls a move off. */
export async function moveReplicas(
  cluster: Cluster,
  moves: readonly (TopicPartition & { readonly replicas: readonly number[] | null })[],
): Promise<void> {
  const topics = [...groupByTopic(moves)].map(([name, those]) => ({
    name,
    partitions: those.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
  }))
  await cluster.call('controller', alterPartitionReassignments, { topics }, (answer) => {
    if (answer.errorCode !== ErrorCode.NONE)
      throw new KafkaError(answer.errorCode, answer.errorMessage ?? undefined)
    for (const { name, partitions } of answer.responses) {
      for (const { partitionIndex, errorCode, errorMessage } of partitions) {
        if (errorCode !== ErrorCode.NONE)
          throw resourceError(`${name}/${partitionIndex}`, errorCode, errorMessage)
      }
    }
  })
}

/** The moves that are going on. */
export function listMoves(cluster: Cluster): Promise<Reassignment[]> {
  return cluster.call('controller', listPartitionReassignments, {}, (answer) => {
    if (answer.errorCode !== ErrorCode.NONE)
      throw new KafkaError(answer.errorCode, answer.errorMessage ?? undefined)
    return answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, replicas, addingReplicas, removingReplicas }) => ({
        topic: name,
        partition: partitionIndex,
        replicas,
        adding: addingReplicas,
        removing: removingReplicas,
      })),
    )
  })
}

async function groupByLeader<T extends TopicPartition>(
  cluster: Cluster,
  places: readonly T[],
): Promise<Map<number, T[]>> {
  const byLeader = new Map<number, T[]>()
  for (const place of places) {
    const { partitions } = await cluster.metadata.topic(place.topic, { mayCreate: false })
    const leader = partitions[place.partition]?.leader ?? -1
    const group = byLeader.get(leader)
    if (group === undefined) byLeader.set(leader, [place])
    else group.push(place)
  }
  return byLeader
}
