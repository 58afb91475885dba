import { ErrorCode, type ListOffsetsResponse, listOffsets } from '@millrace/protocol'
import { ClientError } from '../client-error.ts'
import type { Cluster } from '../cluster.ts'
import { retry } from '../connection/retry.ts'
import { checkPlaces, choiceOption, requiredInteger } from '../option-check.ts'
import { resourceError } from '../resource-error.ts'
import type { TopicPartition } from './consumer-record.ts'

/** Looks up the end of a log, instead of a time in ms. */
export const LATEST = -1
/** Looks up the beginning of a log. */
export const EARLIEST = -2
/** Looks up the record with the highest timestamp; brokers know it from Kafka 3.0 on. */
export const MAX_TIMESTAMP = -3

/** Kafka has more of them than these, all negative. */
const TIMESTAMPS = { min: -10, max: Number.MAX_SAFE_INTEGER }

/** One look-up: `timestamp` is a time in ms or one of the constants above. */
export interface OffsetQuery extends TopicPartition {
  readonly timestamp: number
}

/** The first offset at or after the time. -1 and -1 where there is none. */
export interface OffsetFound extends TopicPartition {
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
}

/** Which records count: those of finished transactions only, or all. */
export type Isolation = 'read_committed' | 'read_uncommitted'

/** Reads the option of that name. */
export function isolationOption(given: Isolation | undefined): Isolation {
  return choiceOption<Isolation>('isolation', given, ['read_committed', 'read_uncommitted'], 'read_committed')
}

/**
 * Looks up offsets at the leaders of the partitions, all leaders at once. Retries what may pass by
 * itself; results come in the order of the queries.
 */
export async function lookUpOffsets(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
  options: { readonly isolation: Isolation; readonly signal?: AbortSignal },
): Promise<OffsetFound[]> {
  checkPlaces(queries)
  for (const { timestamp } of queries) requiredInteger('timestamp', timestamp, TIMESTAMPS)
  const found = new Map<OffsetQuery, OffsetFound>()
  const { clock, retryBackoffMs, retryBackoffMaxMs, apiTimeoutMs } = cluster.settings
  const bounds = { retryBackoffMs, retryBackoffMaxMs, timeoutMs: apiTimeoutMs, what: 'ListOffsets' }
  const signal = options.signal === undefined ? {} : { signal: options.signal }
  await retry(clock, { ...bounds, ...signal }, async () => {
    const open = queries.filter((query) => !found.has(query))
    const byLeader = await groupByLeader(cluster, open)
    const outcomes = await Promise.allSettled(
      [...byLeader].flatMap(([leader, group]) =>
        withoutRepeats(group).map((round) => askLeader(cluster, leader, round, options.isolation, found)),
      ),
    )
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed === undefined) return
    for (const { topic } of open) cluster.metadata.markStale(topic)
    throw failed.reason
  })
  return queries.map((query) => found.get(query) ?? missing(query))
}

async function groupByLeader(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
): Promise<Map<number, OffsetQuery[]>> {
  const byLeader = new Map<number, OffsetQuery[]>()
  for (const query of queries) {
    const topic = await cluster.metadata.topic(query.topic, { mayCreate: false })
    const partition = topic.partitions[query.partition]
    if (partition === undefined) {
      const message = `topic "${query.topic}" has ${topic.partitions.length} partitions, and no partition ${query.partition}`
      throw new ClientError('UNKNOWN_PARTITION', message)
    }
    if (partition.leader < 0) {
      cluster.metadata.markStale(query.topic)
      throw new ClientError('NO_LEADER', `${query.topic}/${query.partition} has no leader`)
    }
    const group = byLeader.get(partition.leader)
    if (group === undefined) byLeader.set(partition.leader, [query])
    else group.push(query)
  }
  return byLeader
}

/** A request may name a partition once: further questions about it go into further requests. */
function withoutRepeats(queries: readonly OffsetQuery[]): OffsetQuery[][] {
  const rounds: OffsetQuery[][] = []
  const asked = new Map<string, number>()
  for (const query of queries) {
    const name = `${query.topic}/${query.partition}`
    const round = asked.get(name) ?? 0
    asked.set(name, round + 1)
    const others = rounds[round]
    if (others === undefined) rounds[round] = [query]
    else others.push(query)
  }
  return rounds
}

/** KIP-734, of Kafka 3.0. */
const FIRST_WITH_MAX_TIMESTAMP = 7

async function askLeader(
  cluster: Cluster,
  leader: number,
  queries: readonly OffsetQuery[],
  isolation: Isolation,
  found: Map<OffsetQuery, OffsetFound>,
): Promise<void> {
  const input = {
    replicaId: -1,
    isolationLevel: isolation === 'read_committed' ? 1 : 0,
    timeoutMs: cluster.settings.requestTimeoutMs,
    topics: queries.map(({ topic, partition, timestamp }) => ({
      name: topic,
      partitions: [{ partitionIndex: partition, timestamp }],
    })),
  }
  // An older broker would look for the first record that is not older than three milliseconds before 1970.
  const minVersion = queries.some(({ timestamp }) => timestamp === MAX_TIMESTAMP)
    ? FIRST_WITH_MAX_TIMESTAMP
    : 0
  const answer = await cluster.send({ nodeId: leader }, listOffsets, mergeTopics(input), { minVersion })
  for (const query of queries) {
    const { errorCode, offset, timestamp, leaderEpoch } = partitionAnswer(answer, query)
    const { topic, partition } = query
    if (errorCode !== ErrorCode.NONE) throw resourceError(`ListOffsets of ${topic}/${partition}`, errorCode)
    found.set(query, { topic, partition, offset, timestampMs: timestamp, leaderEpoch })
  }
}

type Topics<P> = { readonly name: string; readonly partitions: readonly P[] }[]

/** A request names a topic once, and a partition once. */
function mergeTopics<P, T extends { readonly topics: Topics<P> }>(input: T): T & { topics: Topics<P> } {
  const byName = new Map<string, P[]>()
  for (const { name, partitions } of input.topics) {
    const known = byName.get(name)
    if (known === undefined) byName.set(name, [...partitions])
    else known.push(...partitions)
  }
  return { ...input, topics: [...byName].map(([name, partitions]) => ({ name, partitions })) }
}

type PartitionAnswer = ListOffsetsResponse['topics'][number]['partitions'][number]

function partitionAnswer(answer: ListOffsetsResponse, { topic, partition }: OffsetQuery): PartitionAnswer {
  for (const { name, partitions } of answer.topics) {
    const found =
      name === topic ? partitions.find(({ partitionIndex }) => partitionIndex === partition) : undefined
    if (found !== undefined) return found
  }
  throw new ClientError('INVALID_RESPONSE', `ListOffsets: no answer for ${topic}/${partition}`)
}

function missing({ topic, partition }: OffsetQuery): OffsetFound {
  return { topic, partition, offset: -1, timestampMs: -1, leaderEpoch: -1 }
}
