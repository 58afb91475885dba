import {
  decodePartitionMetadata,
  encodePartitionMetadata,
  PARTITION_METADATA,
} from '../directory/partition-metadata.ts'
import { writeFileAtomically } from '../fs/atomic-file.ts'
import type { FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import { decodeLeaderEpochs, LEADER_EPOCH_CHECKPOINT, LeaderEpochs } from '../log/leader-epoch-checkpoint.ts'
import { takeInventory } from '../log/log-inventory.ts'
import { decodeProducerSnapshot } from '../log/producer-snapshot.ts'
import type { ProducerEntry } from '../log/producer-state.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { segmentFileName } from '../segment/segment-file-names.ts'
import { readChunk, ScanMemory } from '../segment/segment-scan.ts'
import { adoptSegment } from './foreign-segment.ts'

/** What can be said of a partition that Kafka wrote without reading its records. */
export interface ForeignPartition {
  /** Null when its directory does not say. */
  readonly topicId: string | null
  /** Producers whose transaction was neither committed nor aborted, and where it began. */
  readonly openTransactions: readonly { readonly producerId: number; readonly firstOffset: number }[]
  readonly hasAbortedTransactions: boolean
}

/** Looks at the small files of a partition that Kafka left after a clean stop. */
export function inspectForeignPartition(fs: FileSystem, directory: string): ForeignPartition {
  const metadata = `${directory}/${PARTITION_METADATA}`
  const { snapshotOffsets, segments } = takeInventory(fs, directory)
  const newest = snapshotOffsets.at(-1)
  const entries =
    newest === undefined ? [] : readSnapshot(fs, `${directory}/${segmentFileName(newest, 'snapshot')}`)
  return {
    topicId: fs.exists(metadata) ? decodePartitionMetadata(fs.readFile(metadata)) : null,
    openTransactions: entries
      .filter(({ currentTransactionFirstOffset }) => currentTransactionFirstOffset >= 0)
      .map(({ producerId, currentTransactionFirstOffset }) => ({
        producerId,
        firstOffset: currentTransactionFirstOffset,
      })),
    hasAbortedTransactions: segments.some(({ baseOffset }) => {
      const path = `${directory}/${segmentFileName(baseOffset, 'txnindex')}`
      return fs.exists(path) && fs.readFile(path).length > 0
    }),
  }
}

export interface AdoptPartitionOptions {
  readonly topicId: string
  /** `link`: sealed segments get a second name instead of a copy. */
  readonly mode: 'link' | 'copy'
  /** The leader epoch that the cluster knew last: consumers have seen it, so it must not fall. */
  readonly leaderEpoch: number
  readonly nowMs: number
}

/** What was taken over. */
export interface AdoptedPartition {
  readonly startOffset: number
  readonly endOffset: number
  readonly segments: number
  readonly batches: number
  readonly sizeBytes: number
  readonly missingOffsets: number
}

/**
 * Takes a partition over that Kafka wrote: checks all of its bytes, and builds beside them, in `target`, what a log of ours
 * needs. The source is read and, with `link`, given second names; nothing in it is written. What is made is durable but
 * for the names in `target`, which opening the log syncs.
 *
 * @throws StorageError CORRUPT when a byte is not as Kafka wrote it
 */
export async function adoptForeignPartition(
  fs: FileSystem,
  directories: { readonly source: string; readonly target: string },
  options: AdoptPartitionOptions,
): Promise<AdoptedPartition> {
  const { source, target } = directories
  const { segments, snapshotOffsets, swaps } = takeInventory(fs, source)
  const [first] = segments
  if (first === undefined) throw new StorageError('CORRUPT', source, `${source} holds no segment`)
  if (swaps.length > 0) {
    const message = `${source} holds a compaction that was interrupted: start and stop Kafka once`
    throw new StorageError('CORRUPT', source, message)
  }
  fs.makeDirectory(target)
  const epochs = readEpochs(fs, source)
  // One for all segments: fresh memory for each keeps the garbage collector busy.
  const memory = new ScanMemory()
  const total = { batches: 0, sizeBytes: 0, missingOffsets: 0, endOffset: first.baseOffset }
  for (const [index, segment] of segments.entries()) {
    const nextBase = segments[index + 1]?.baseOffset ?? null
    const place = { nextBase, epochs, target, nowMs: options.nowMs, memory }
    const report = await adoptSegment(fs, segment, place)
    total.batches += report.batches
    total.sizeBytes += report.sizeBytes
    total.missingOffsets += report.missingOffsets
    total.endOffset = report.nextOffset
    await takeSegment(fs, segment, { target, mode: nextBase === null ? 'copy' : options.mode, memory })
  }
  for (const offset of snapshotOffsets) {
    await copyFile(fs, segmentFileName(offset, 'snapshot'), { source, target, memory })
  }
  if (options.leaderEpoch > epochs.latest) {
    epochs.assign({ epoch: options.leaderEpoch, startOffset: total.endOffset })
  }
  await writeFileAtomically(fs, `${target}/${LEADER_EPOCH_CHECKPOINT}`, epochs.encode())
  const metadata = encodePartitionMetadata(options.topicId)
  await writeFileAtomically(fs, `${target}/${PARTITION_METADATA}`, metadata)
  return { ...total, startOffset: first.baseOffset, segments: segments.length }
}

async function takeSegment(
  fs: FileSystem,
  segment: LogSegment,
  { target, mode, memory }: { target: string; mode: 'link' | 'copy'; memory: ScanMemory },
): Promise<void> {
  const place = { source: segment.directory, target, memory }
  const name = segmentFileName(segment.baseOffset, 'log')
  if (mode === 'copy') await copyFile(fs, name, place)
  else if (fs.link !== undefined) fs.link(`${segment.directory}/${name}`, `${target}/${name}`)
  else throw new StorageError('UNKNOWN', target, 'files cannot be linked here: copy them')
  const aborted = segmentFileName(segment.baseOffset, 'txnindex')
  if (fs.exists(`${segment.directory}/${aborted}`)) await copyFile(fs, aborted, place)
}

const COPY_BYTES = 1024 * 1024

interface CopyPlace {
  readonly source: string
  readonly target: string
  readonly memory: ScanMemory
}

async function copyFile(fs: FileSystem, name: string, { source, target, memory }: CopyPlace): Promise<void> {
  const from = fs.open(`${source}/${name}`, 'read')
  try {
    const to = fs.open(`${target}/${name}`, 'create')
    try {
      while (to.sizeBytes < from.sizeBytes) {
        const length = Math.min(COPY_BYTES, from.sizeBytes - to.sizeBytes)
        const bytes = await readChunk(from, memory, to.sizeBytes, length)
        if (bytes.length === 0) throw new StorageError('CORRUPT', from.path, `${from.path} shrank`)
        to.appendSync([bytes])
      }
      await to.sync()
    } finally {
      to.close()
    }
  } finally {
    from.close()
  }
}

/** Kafka has the file from the first batch on. */
function readEpochs(fs: FileSystem, directory: string): LeaderEpochs {
  const path = `${directory}/${LEADER_EPOCH_CHECKPOINT}`
  if (!fs.exists(path)) return new LeaderEpochs([])
  const epochs = decodeLeaderEpochs(fs.readFile(path))
  if (epochs !== null) return epochs
  throw new StorageError('CORRUPT', path, `${path} is no leader epoch checkpoint, or a damaged one`)
}

function readSnapshot(fs: FileSystem, path: string): readonly ProducerEntry[] {
  const entries = decodeProducerSnapshot(fs.readFile(path))
  if (entries !== null) return entries
  throw new StorageError('CORRUPT', path, `${path} is no producer snapshot, or a damaged one`)
}
