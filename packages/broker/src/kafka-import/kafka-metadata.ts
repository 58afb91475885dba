import { type FileSystem, StorageError } from '@millrace/log-core'
import { readBatchRecords, scanBatches, verifyBatchCrc } from '@millrace/record-batch'
import { decodeMetadataRecord, type MetadataRecord } from './metadata-records.ts'

/** One partition, as the cluster knew it. */
export interface KafkaPartition {
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** Brokers that left the ISR and hold everything all the same: after a stop that is where the last one is (KIP-966). */
  readonly eligibleLeaderReplicas: readonly number[] | null
  readonly leaderEpoch: number
  /** The log directory of each replica; empty in clusters that had one each. */
  readonly directories: readonly string[]
}

/** One topic, as the cluster knew it. */
export interface KafkaTopic {
  readonly name: string
  readonly topicId: string
  readonly partitions: Map<number, KafkaPartition>
}

/** One change of a quota, in the order in which they were made. */
export type KafkaQuotaChange = MetadataRecord & { readonly kind: 'client-quota' }

/** What a Kafka cluster's metadata says, as far as it can be taken over. */
export class KafkaMetadata {
  readonly topicsById = new Map<string, KafkaTopic>()
  /** By resource type, then by resource name. */
  readonly #configs = new Map<number, Map<string, Map<string, string>>>()
  readonly quotaChanges: KafkaQuotaChange[] = []
  readonly brokers = new Set<number>()
  nextProducerId = 0
  /** How many records of kinds that have no place here. */
  readonly unknownCounts = { acl: 0, scram: 0, token: 0 }

  configs(resourceType: number): ReadonlyMap<string, ReadonlyMap<string, string>> {
    return this.#configs.get(resourceType) ?? new Map()
  }

  apply(record: MetadataRecord): void {
    switch (record.kind) {
      case 'topic': {
        const { name, topicId } = record
        this.topicsById.set(topicId, { name, topicId, partitions: new Map() })
        return
      }
      case 'remove-topic': {
        const topic = this.topicsById.get(record.topicId)
        this.topicsById.delete(record.topicId)
        // Kafka drops the configs of a topic with the topic, without a record of its own.
        if (topic !== undefined) this.#configs.get(TOPIC)?.delete(topic.name)
        return
      }
      case 'partition':
        this.topicsById.get(record.topicId)?.partitions.set(record.partitionId, record)
        return
      case 'partition-change':
        this.#changePartition(record)
        return
      case 'config':
        this.#setConfig(record)
        return
      case 'client-quota':
        this.quotaChanges.push(record)
        return
      case 'producer-ids':
        this.nextProducerId = Math.max(this.nextProducerId, record.nextProducerId)
        return
      case 'register-broker':
        this.brokers.add(record.brokerId)
        return
      case 'unregister-broker':
        this.brokers.delete(record.brokerId)
        return
      case 'acl':
      case 'scram':
      case 'token':
        this.unknownCounts[record.kind]++
        return
      case 'transaction':
      case 'unknown':
        return
    }
  }

  #changePartition(change: MetadataRecord & { readonly kind: 'partition-change' }): void {
    const partitions = this.topicsById.get(change.topicId)?.partitions
    const before = partitions?.get(change.partitionId)
    if (partitions === undefined || before === undefined) return
    partitions.set(change.partitionId, {
      replicas: change.replicas ?? before.replicas,
      isr: change.isr ?? before.isr,
      directories: change.directories ?? before.directories,
      eligibleLeaderReplicas: change.eligibleLeaderReplicas ?? before.eligibleLeaderReplicas,
      // Kafka raises the epoch whenever the leader is named (PartitionRegistration.merge).
      leaderEpoch: before.leaderEpoch + (change.leader === NO_LEADER_CHANGE ? 0 : 1),
    })
  }

  #setConfig({
    resourceType,
    resourceName,
    name,
    value,
  }: MetadataRecord & { readonly kind: 'config' }): void {
    const resources = this.#configs.get(resourceType) ?? new Map<string, Map<string, string>>()
    const configs = resources.get(resourceName) ?? new Map<string, string>()
    this.#configs.set(resourceType, resources.set(resourceName, configs))
    if (value === null) configs.delete(name)
    else configs.set(name, value)
  }
}

const TOPIC = 2
const NO_LEADER_CHANGE = -2
export const METADATA_DIRECTORY = '__cluster_metadata-0'
const SNAPSHOT = /^(\d{20})-(\d{10})\.checkpoint$/
const SEGMENT = /^(\d{20})\.log$/

/**
 * Reads the metadata log: the newest snapshot, and the records behind it. A metadata transaction counts when it has
 * ended. Throws StorageError CORRUPT for bytes that are no such log.
 */
export function readKafkaMetadata(fs: FileSystem, kafkaDir: string): KafkaMetadata {
  const directory = `${kafkaDir}/${METADATA_DIRECTORY}`
  const names = fs.list(directory).map(({ name }) => name)
  const snapshot = names.findLast((name) => SNAPSHOT.test(name))
  const snapshotEnd = Number(snapshot?.slice(0, 20) ?? 0)
  const metadata = new KafkaMetadata()
  const open = { transaction: null as MetadataRecord[] | null }
  if (snapshot !== undefined) applyFile(fs, `${directory}/${snapshot}`, { metadata, open, from: 0 })
  const segments = names.filter((name) => SEGMENT.test(name))
  const isHere = segments.some((name) => Number(name.slice(0, 20)) <= snapshotEnd)
  if (!isHere) {
    const message = `${directory} has no records from offset ${snapshotEnd} on`
    throw new StorageError('CORRUPT', directory, message)
  }
  for (const name of segments) applyFile(fs, `${directory}/${name}`, { metadata, open, from: snapshotEnd })
  return metadata
}

interface Replay {
  readonly metadata: KafkaMetadata
  /** What belongs to a metadata transaction that has not ended. */
  readonly open: { transaction: MetadataRecord[] | null }
  readonly from: number
}

function applyFile(fs: FileSystem, path: string, replay: Replay): void {
  const bytes = fs.readFile(path)
  let end = 0
  for (const { position, header } of scanBatches(bytes)) {
    end = position + header.sizeBytes
    if (!verifyBatchCrc(bytes, position, header.sizeBytes))
      throw corrupt(path, position, 'the CRC does not match')
    if (header.isControl) continue
    for (const { offset, value } of readBatchRecords(bytes, position)) {
      if (offset < replay.from || value === null) continue
      applyRecord(decodeAt(value, path, offset), replay)
    }
  }
  if (end !== bytes.length) throw corrupt(path, end, 'no whole batch')
}

function applyRecord(record: MetadataRecord, { metadata, open }: Replay): void {
  if (record.kind !== 'transaction') {
    if (open.transaction === null) metadata.apply(record)
    else open.transaction.push(record)
    return
  }
  if (record.step === 'end') for (const held of open.transaction ?? []) metadata.apply(held)
  open.transaction = record.step === 'begin' ? [] : null
}

function decodeAt(value: Buffer, path: string, offset: number): MetadataRecord {
  try {
    return decodeMetadataRecord(value)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new StorageError('CORRUPT', path, `${path}, offset ${offset}: ${cause.message}`, { cause })
  }
}

function corrupt(path: string, position: number, seen: string): StorageError {
  return new StorageError('CORRUPT', path, `${path}, byte ${position}: ${seen}`)
}
