import {
  type FileSystem,
  inspectForeignPartition,
  type MetaProperties,
  partitionDirectoryName,
  StorageError,
} from '@millrace/log-core'
import { OFFSETS_TOPIC, topicNameProblem } from '../cluster/topic-name.ts'
import { ImportRefusedError } from './kafka-directory.ts'
import {
  type KafkaMetadata,
  type KafkaPartition,
  type KafkaTopic,
  METADATA_DIRECTORY,
} from './kafka-metadata.ts'
import { type LeftBehind, takeTopicConfigs } from './take-configs.ts'

/** One partition of a topic that is taken over. */
export interface PlannedPartition {
  readonly index: number
  /**
   * files      its directory is taken as it is
   * committed  of its records, those that count are written anew
   * empty      it is made anew
   */
  readonly from: 'files' | 'committed' | 'empty'
  readonly leaderEpoch: number
}

/** One topic that is taken over. */
export interface PlannedTopic {
  readonly name: string
  readonly topicId: string
  readonly partitions: readonly PlannedPartition[]
  readonly configs: Readonly<Record<string, string>>
}

export interface ImportPlan {
  readonly topics: readonly PlannedTopic[]
  readonly leftBehind: readonly LeftBehind[]
}

export interface PlanInput {
  readonly kafkaDir: string
  readonly meta: MetaProperties
  readonly metadata: KafkaMetadata
  /** Null: all of them. Committed offsets come along in any case. */
  readonly wantedTopics: readonly string[] | null
}

/** Topics of Kafka's own whose state means nothing here, and what is in them. */
const KAFKA_ONLY: ReadonlyMap<string, string> = new Map([
  ['__transaction_state', 'it keeps transactions, and those that are taken along are all committed'],
  ['__share_group_state', 'it keeps the state of share groups'],
  ['__remote_log_metadata', 'it keeps what lies in remote storage'],
])
const TOPIC_RESOURCE = 2
const MAX_PARTITIONS = 200_000

/** Decides what is taken and what is not. Looks at small files only. */
export function planImport(fs: FileSystem, input: PlanInput): ImportPlan {
  const { metadata, wantedTopics } = input
  const byName = new Map(Array.from(metadata.topicsById.values(), (topic) => [topic.name, topic]))
  for (const name of wantedTopics ?? []) {
    if (!byName.has(name)) throw new ImportRefusedError(`${input.kafkaDir} knows no topic ${name}`)
  }
  const topics: PlannedTopic[] = []
  const leftBehind: LeftBehind[] = [...strays(fs, input)]
  for (const topic of [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const isWanted = wantedTopics?.includes(topic.name) ?? true
    if (!isWanted && topic.name !== OFFSETS_TOPIC) continue
    checkTopic(topic, input.kafkaDir)
    const planned = planTopic(fs, input, topic)
    leftBehind.push(...planned.leftBehind)
    if (planned.partitions === null) continue
    const configs = metadata.configs(TOPIC_RESOURCE).get(topic.name) ?? new Map<string, string>()
    if (configs.get('remote.storage.enable') === 'true') leftBehind.push(inRemoteStorage(topic.name))
    const taken = takeTopicConfigs(topic.name, configs)
    leftBehind.push(...taken.leftBehind)
    const { name, topicId } = topic
    topics.push({ name, topicId, partitions: planned.partitions, configs: taken.configs })
  }
  return { topics, leftBehind }
}

function inRemoteStorage(topic: string): LeftBehind {
  const reason = 'what lies in this directory is taken, and nothing else: there is no tiered storage here'
  return { what: `records of topic ${topic} in remote storage`, reason }
}

/** Names become paths, and what is on a disk is no more to be trusted than what comes over a wire. */
function checkTopic({ name, partitions }: KafkaTopic, kafkaDir: string): void {
  const problem = topicNameProblem(name)
  if (problem !== null) throw new StorageError('CORRUPT', kafkaDir, `${kafkaDir}: ${problem}`)
  const isWhole = Array.from(partitions.keys()).every((index) => index >= 0 && index < partitions.size)
  if (partitions.size === 0 || partitions.size > MAX_PARTITIONS || !isWhole) {
    const message = `${kafkaDir}: topic ${name} has no partitions numbered from 0 to ${partitions.size - 1}`
    throw new StorageError('CORRUPT', kafkaDir, message)
  }
}

function planTopic(
  fs: FileSystem,
  input: PlanInput,
  topic: KafkaTopic,
): { partitions: PlannedPartition[] | null; leftBehind: LeftBehind[] } {
  const reason = KAFKA_ONLY.get(topic.name)
  if (reason !== undefined) return { partitions: null, leftBehind: [{ what: `topic ${topic.name}`, reason }] }
  const isOffsets = topic.name === OFFSETS_TOPIC
  const partitions: PlannedPartition[] = []
  const problems: LeftBehind[] = []
  for (let index = 0; index < topic.partitions.size; index++) {
    const partition = topic.partitions.get(index)
    if (partition === undefined) continue
    const found = inspect(fs, input, { topic, index, partition })
    // A group's records are small, and which of them count is known: they are taken without the transactions.
    const isRewritten = isOffsets && found.kind === 'transactions'
    const from = found.kind === 'whole' ? 'files' : isRewritten ? 'committed' : 'empty'
    partitions.push({ index, from, leaderEpoch: partition.leaderEpoch })
    if (found.kind === 'whole' || isRewritten) continue
    const what = isOffsets ? `offsets of the groups in ${OFFSETS_TOPIC}-${index}` : `topic ${topic.name}`
    problems.push({ what, reason: `partition ${index} ${found.reason}` })
  }
  // Part of a topic is none: to consumers an empty partition would say that its records were deleted.
  if (problems.length > 0 && !isOffsets) return { partitions: null, leftBehind: joined(problems) }
  return { partitions, leftBehind: problems }
}

function joined(problems: readonly LeftBehind[]): LeftBehind[] {
  const [first, ...others] = problems
  if (first === undefined) return []
  const more = others.length > 0 ? `; and ${others.length} more of its partitions` : ''
  return [{ what: first.what, reason: `${first.reason}${more}` }]
}

type Found =
  | { readonly kind: 'whole' }
  | { readonly kind: 'transactions' | 'absent'; readonly reason: string }

function inspect(
  fs: FileSystem,
  { kafkaDir, meta }: PlanInput,
  { topic, index, partition }: { topic: KafkaTopic; index: number; partition: KafkaPartition },
): Found {
  const absent = whyAbsent(meta, partition)
  if (absent !== null) return { kind: 'absent', reason: absent }
  const directory = `${kafkaDir}/${partitionDirectoryName(topic.name, index)}`
  if (!fs.exists(directory)) return { kind: 'absent', reason: `has no directory: expected ${directory}` }
  const { topicId, openTransactions, hasAbortedTransactions } = inspectForeignPartition(fs, directory)
  if (topicId !== topic.topicId) {
    return { kind: 'absent', reason: `is of topic id ${topicId ?? 'none'}, expected ${topic.topicId}` }
  }
  const [open] = openTransactions
  if (open !== undefined) {
    const { firstOffset, producerId } = open
    const whatToDo = 'end it (kafka-transactions abort), stop Kafka, and import again'
    return {
      kind: 'transactions',
      reason: `has an open transaction of producer ${producerId} from offset ${firstOffset}: ${whatToDo}`,
    }
  }
  if (hasAbortedTransactions) {
    return {
      kind: 'transactions',
      reason:
        'holds records of aborted transactions, which consumers would be shown: there are no transactions here',
    }
  }
  return { kind: 'whole' }
}

/** Why this broker's copy is not to be had, or not to be trusted; null when it is. */
function whyAbsent(meta: MetaProperties, partition: KafkaPartition): string | null {
  const { directories, eligibleLeaderReplicas, isr, replicas } = partition
  const place = replicas.indexOf(meta.nodeId)
  if (place < 0)
    return `lies on broker ${replicas.join(', ')}, and this is the directory of broker ${meta.nodeId}`
  const upToDate = [...isr, ...(eligibleLeaderReplicas ?? [])]
  if (replicas.length > 1 && !upToDate.includes(meta.nodeId)) {
    return `is behind on broker ${meta.nodeId}: up to date are ${upToDate.join(', ') || 'none'}`
  }
  const directory = directories[place]
  if (directory === undefined || isReservedDirectory(directory) || directory === meta.directoryId) return null
  return `lies in another log directory of broker ${meta.nodeId}`
}

/** Kafka's `DirectoryId`: unassigned, lost and migrating are the first hundred ids. */
function isReservedDirectory(directoryId: string): boolean {
  return directoryId.startsWith('A'.repeat(19))
}

/** Directories that look like a partition's and that the metadata does not account for. */
function* strays(fs: FileSystem, { kafkaDir, metadata }: PlanInput): Generator<LeftBehind> {
  const known = new Set([METADATA_DIRECTORY])
  for (const { name, partitions } of metadata.topicsById.values()) {
    for (const index of partitions.keys()) known.add(partitionDirectoryName(name, index))
  }
  let deletedCount = 0
  for (const { kind, name } of fs.list(kafkaDir)) {
    if (kind !== 'directory' || known.has(name)) continue
    if (/-\d+(\..*-(future|stray))?$/.test(name)) {
      yield { what: `directory ${name}`, reason: "no topic of the cluster's metadata has it" }
    }
    if (/\.[0-9a-f]{32}-delete$/.test(name)) deletedCount++
  }
  if (deletedCount === 0) return
  const what = `${deletedCount} ${deletedCount === 1 ? 'directory' : 'directories'} named -delete`
  yield { what, reason: 'their topics were deleted, and Kafka had not removed them yet' }
}
