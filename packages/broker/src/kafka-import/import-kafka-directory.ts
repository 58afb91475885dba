import { randomBytes } from 'node:crypto'
import { resolve, sep } from 'node:path'
import {
  adoptForeignPartition,
  type Clock,
  encodeMetaProperties,
  type FileSystem,
  LogDirectory,
  META_PROPERTIES,
  type MetaProperties,
  nodeClock,
  nodeFileSystem,
  type PartitionLog,
  partitionDirectoryName,
  writeFileAtomically,
} from '@millrace/log-core'
import { buildBatch, type RecordInput, readBatchHeader } from '@millrace/record-batch'
import { TopicCatalog } from '../cluster/topic-catalog.ts'
import { parseBrokerConfig } from '../config/broker-config.ts'
import { defaultLogConfig, topicLogConfig } from '../config/topic-config.ts'
import { type Logger, silentLogger } from '../observability.ts'
import { readCommittedRecords } from './committed-records.ts'
import { type ImportPlan, type PlannedPartition, type PlannedTopic, planImport } from './import-plan.ts'
import { ImportRefusedError, openKafkaDirectory, readLogStarts } from './kafka-directory.ts'
import { type KafkaMetadata, readKafkaMetadata } from './kafka-metadata.ts'
import {
  type LeftBehind,
  takeBrokerConfigs,
  takeGroupConfigs,
  takeNothing,
  takeQuotas,
} from './take-configs.ts'

/** What is to be taken from where. */
export interface ImportOptions {
  /** The log directory of a stopped Kafka broker. Nothing in it is changed. */
  readonly kafkaDir: string
  /** Must not exist, or be empty. */
  readonly dataDir: string
  /** Only these; all of them when left out. */
  readonly topics?: readonly string[]
  /** `link`: sealed segments get a second name instead of a copy, for which both directories must be on one file system. */
  readonly mode: 'link' | 'copy'
  readonly onPartition?: (partition: ImportedPartition) => void
  readonly logger?: Logger
  readonly fileSystem?: FileSystem
  readonly clock?: Clock
  readonly randomBytes?: (count: number) => Buffer
}

/** One partition that was taken over. */
export interface ImportedPartition {
  readonly topic: string
  readonly partition: number
  readonly startOffset: number
  readonly endOffset: number
  readonly sizeBytes: number
}

/** What came of an import. */
export interface ImportReport {
  readonly clusterId: string
  readonly nodeId: number
  readonly partitions: readonly ImportedPartition[]
  readonly leftBehind: readonly LeftBehind[]
}

const BROKER_RESOURCE = 4
const GROUP_RESOURCE = 32
const RECORDS_PER_BATCH = 500

/**
 * Makes a data directory of what a stopped Kafka broker left: topics with their ids, configs, records with their offsets
 * and epochs, committed offsets, producers, quotas. Every byte is checked before the directory appears under its name, in
 * one step; until then nothing is there, whatever happens.
 *
 * @throws ImportRefusedError when there is nothing to import, or nowhere to put it; StorageError CORRUPT for damage
 */
export async function importKafkaDirectory(options: ImportOptions): Promise<ImportReport> {
  const fs = options.fileSystem ?? nodeFileSystem()
  const [kafkaDir, dataDir] = [resolve(options.kafkaDir), resolve(options.dataDir)]
  checkTarget(fs, kafkaDir, dataDir)
  const meta = openKafkaDirectory(fs, kafkaDir)
  const metadata = readKafkaMetadata(fs, kafkaDir)
  const plan = planImport(fs, { kafkaDir, meta, metadata, wantedTopics: options.topics ?? null })
  const staging = `${dataDir}.importing`
  if (fs.exists(staging)) fs.removeDirectory(staging)
  try {
    const task = { ...seamsOf(options, fs), options, kafkaDir, staging, meta, metadata, plan }
    const report = await importInto(task)
    if (fs.exists(dataDir)) fs.removeDirectory(dataDir)
    fs.rename(staging, dataDir)
    await fs.syncDirectory(resolve(dataDir, '..'))
    return report
  } catch (error) {
    if (fs.exists(staging)) fs.removeDirectory(staging)
    throw error
  }
}

interface Import {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly logger: Logger
  readonly randomBytes: (count: number) => Buffer
  readonly options: ImportOptions
  readonly kafkaDir: string
  readonly staging: string
  readonly meta: MetaProperties
  readonly metadata: KafkaMetadata
  readonly plan: ImportPlan
}

function seamsOf(
  options: ImportOptions,
  fs: FileSystem,
): Pick<Import, 'fs' | 'clock' | 'logger' | 'randomBytes'> {
  const { clock = nodeClock(), logger = silentLogger } = options
  return { fs, clock, logger, randomBytes: options.randomBytes ?? randomBytes }
}

function checkTarget(fs: FileSystem, kafkaDir: string, dataDir: string): void {
  if (`${dataDir}${sep}`.startsWith(`${kafkaDir}${sep}`)) {
    throw new ImportRefusedError(`${dataDir} lies in ${kafkaDir}, in which nothing is written`)
  }
  if (fs.exists(dataDir) && fs.list(dataDir).length > 0) {
    throw new ImportRefusedError(`${dataDir} is not empty: an import makes a data directory of its own`)
  }
}

async function importInto(task: Import): Promise<ImportReport> {
  const { fs, kafkaDir, meta, metadata, plan, randomBytes: random, staging } = task
  fs.makeDirectory(staging)
  const directoryId = random(16).toString('base64url')
  const properties = encodeMetaProperties({ ...meta, directoryId, formatVersion: null })
  await writeFileAtomically(fs, `${staging}/${META_PROPERTIES}`, properties)
  const partitions: ImportedPartition[] = []
  for (const topic of plan.topics) {
    for (const partition of topic.partitions) {
      if (partition.from === 'files') partitions.push(await adopt(task, topic, partition))
    }
  }
  const others = await writeCatalog(task)
  const starts = readLogStarts(fs, kafkaDir)
  const moved = await openEachLog(task, starts)
  return {
    clusterId: meta.clusterId,
    nodeId: meta.nodeId,
    partitions: partitions.map((one) => ({
      ...one,
      startOffset: moved.get(partitionDirectoryName(one.topic, one.partition)) ?? one.startOffset,
    })),
    leftBehind: [...plan.leftBehind, ...others, ...takeNothing(metadata)],
  }
}

async function adopt(
  { clock, fs, kafkaDir, options, staging }: Import,
  topic: PlannedTopic,
  { index, leaderEpoch }: PlannedPartition,
): Promise<ImportedPartition> {
  const name = partitionDirectoryName(topic.name, index)
  const directories = { source: `${kafkaDir}/${name}`, target: `${staging}/${name}` }
  const { topicId } = topic
  const { mode, onPartition } = options
  const adopted = await adoptForeignPartition(fs, directories, {
    topicId,
    mode,
    leaderEpoch,
    nowMs: clock.nowMs(),
  })
  const { startOffset, endOffset, sizeBytes } = adopted
  const imported = { topic: topic.name, partition: index, startOffset, endOffset, sizeBytes }
  onPartition?.(imported)
  return imported
}

/** Topics, configs and quotas. Returns what of them has no place here. */
async function writeCatalog({
  fs,
  logger,
  metadata,
  plan,
  randomBytes: random,
  staging,
}: Import): Promise<LeftBehind[]> {
  const catalog = await TopicCatalog.open({ fs, dataDir: staging, logger, randomBytes: random })
  const leftBehind: LeftBehind[] = []
  try {
    for (const { configs, name, partitions, topicId } of plan.topics) {
      const partitionCount = partitions.length
      await catalog.adoptTopic({ name, partitionCount, replicationFactor: 1, configs }, topicId)
      await catalog.recordMadePartitions(topicId, partitionCount)
    }
    for (const [name, set] of metadata.configs(BROKER_RESOURCE)) {
      const taken = takeBrokerConfigs(name, set)
      leftBehind.push(...taken.leftBehind)
      await catalog.replaceBrokerConfigs(name, taken.configs)
    }
    for (const [name, set] of metadata.configs(GROUP_RESOURCE)) {
      const taken = takeGroupConfigs(name, set)
      leftBehind.push(...taken.leftBehind)
      await catalog.replaceGroupConfigs(name, taken.configs)
    }
    const taken = takeQuotas(metadata.quotaChanges)
    leftBehind.push(...taken.leftBehind)
    if (taken.quotas.length > 0) await catalog.replaceClientQuotas(taken.quotas)
    if (metadata.nextProducerId > 0) await catalog.reserveProducerIds(metadata.nextProducerId)
  } finally {
    await catalog.close()
  }
  return leftBehind
}

/** As the first start would: so that it finds a directory that was closed in good order. Returns where logs begin later. */
async function openEachLog(
  { clock, fs, kafkaDir, logger, plan, randomBytes: random, staging }: Import,
  starts: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const defaults = defaultLogConfig(parseBrokerConfig({}))
  const directory = await LogDirectory.open(fs, staging, { clock, logger, randomBytes: random })
  const moved = new Map<string, number>()
  try {
    for (const { configs, name: topic, partitions, topicId } of plan.topics) {
      for (const { from, index } of partitions) {
        const config = topicLogConfig(defaults, configs)
        const log = await directory.openLog({ topic, partition: index, topicId, config })
        const name = partitionDirectoryName(topic, index)
        if (from === 'committed') await appendAll(log, readCommittedRecords(fs, `${kafkaDir}/${name}`))
        const start = from === 'files' ? (starts.get(name) ?? 0) : 0
        if (start <= log.logStartOffset) continue
        await log.truncateBefore(start)
        moved.set(name, log.logStartOffset)
      }
    }
  } finally {
    await directory.close()
  }
  return moved
}

async function appendAll(log: PartitionLog, records: readonly RecordInput[]): Promise<void> {
  for (let at = 0; at < records.length; at += RECORDS_PER_BATCH) {
    const batch = buildBatch(records.slice(at, at + RECORDS_PER_BATCH), {})
    const outcome = log.append(batch, readBatchHeader(batch), { durability: 'synced', isFromClient: false })
    if (outcome.kind === 'rejected') throw new Error(`${log.directory}: ${outcome.message}`)
    await outcome.committed
  }
}
