import { crc32c } from '@millrace/record-batch'
import type { FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import { decodeLeaderEpochs, LEADER_EPOCH_CHECKPOINT, LeaderEpochs } from '../log/leader-epoch-checkpoint.ts'
import { type LogInventory, takeInventory } from '../log/log-inventory.ts'
import { decodeProducerSnapshot } from '../log/producer-snapshot.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { segmentFileName } from '../segment/segment-file-names.ts'
import { decodeSegmentSeal, SEALED_HEADER_BYTES, type SegmentSeal } from '../segment/segment-seal.ts'
import { type DamagedRange, type SalvageStep, salvageSegment } from './salvage.ts'
import { IndexCheck } from './verify-indexes.ts'

/**
 * Something that is not as it was written.
 *
 *   damage    records are lost or cannot be believed
 *   derived   a file that can be built again from the records: an index, a snapshot, a seal, the epochs
 */
export interface Finding {
  readonly severity: 'damage' | 'derived'
  readonly path: string
  /** In the file; null when it is about the file as a whole. */
  readonly position: number | null
  readonly message: string
}

/** What a walk over one segment showed. */
export interface SegmentReport {
  readonly path: string
  readonly baseOffset: number
  readonly nextOffset: number
  readonly sizeBytes: number
  readonly batches: number
  readonly records: number
  readonly isSealed: boolean
  /** Null when there is none, or none that is whole. */
  readonly seal: SegmentSeal | null
  readonly damages: readonly DamagedRange[]
}

export interface PartitionReport {
  readonly directory: string
  readonly segments: readonly SegmentReport[]
  readonly epochs: LeaderEpochs
  readonly findings: readonly Finding[]
}

/**
 * Walks all files of one partition and compares them with each other: batches and their CRCs, offsets and epochs that
 * join up, seals, indexes, producer snapshots, the epoch checkpoint. Changes nothing. The log must not be open.
 */
export async function verifyPartition(fs: FileSystem, directory: string): Promise<PartitionReport> {
  if (!fs.exists(directory)) throw new StorageError('ENOENT', directory, `${directory} does not exist`)
  const inventory = takeInventory(fs, directory)
  const findings: Finding[] = []
  const epochs = readEpochs(fs, directory, findings)
  const segments: SegmentReport[] = []
  for (const [index, segment] of inventory.segments.entries()) {
    const nextBase = inventory.segments[index + 1]?.baseOffset ?? null
    segments.push(await verifySegment(fs, segment, { nextBase, epochs, findings }))
  }
  verifySnapshots(fs, directory, inventory, findings)
  for (const { name } of inventory.swaps) {
    const message = 'a compaction was interrupted here: opening the log completes it or gives it up'
    findings.push({ severity: 'derived', path: `${directory}/${name}`, position: null, message })
  }
  return { directory, segments, epochs, findings }
}

interface SegmentContext {
  /** Of the segment behind it; null for the last one, which is the active one. */
  readonly nextBase: number | null
  readonly epochs: LeaderEpochs
  readonly findings: Finding[]
}

async function verifySegment(
  fs: FileSystem,
  segment: LogSegment,
  { nextBase, epochs, findings }: SegmentContext,
): Promise<SegmentReport> {
  const path = segment.path('log')
  const isSealed = nextBase !== null
  const seal = readSeal(fs, segment, isSealed, findings)
  const file = fs.open(path, 'read')
  try {
    const hasGaps = isSealed && (seal?.isCompacted ?? true)
    const options = {
      baseOffset: segment.baseOffset,
      hasGaps,
      epochOf: (offset: number) => epochs.epochOf(offset),
    }
    const indexes = new IndexCheck(fs, segment, { isSealed, seal })
    const { damages, nextOffset, ...counts } = await walk(salvageSegment(file, options), indexes)
    for (const { position, message } of damages)
      findings.push({ severity: 'damage', path, position, message })
    if (damages.length === 0 && isSealed && seal !== null) {
      compareWithSeal(segment, seal, { ...counts, nextOffset, nextBase, findings })
    }
    for (const problem of indexes.problems) findings.push({ severity: 'derived', position: null, ...problem })
    const { batches, records } = counts
    const { baseOffset, sizeBytes } = segment
    return { path, baseOffset, nextOffset, sizeBytes, batches, records, isSealed, seal, damages }
  } finally {
    file.close()
  }
}

/** What a walk over a segment counts. */
interface Walk {
  batches: number
  records: number
  headerCrc: number
  nextOffset: number
  readonly damages: DamagedRange[]
}

async function walk(steps: AsyncIterable<SalvageStep>, indexes: IndexCheck): Promise<Walk> {
  const seen: Walk = {
    batches: 0,
    records: 0,
    headerCrc: 0,
    nextOffset: 0,
    damages: [],
  }
  for await (const step of steps) {
    if (step.kind === 'damage') seen.damages.push(step)
    else if (step.kind === 'end') seen.nextOffset = step.nextOffset
    else {
      for (const { buffer, at, position, header } of step.batches) {
        seen.batches++
        seen.records += header.recordCount
        seen.headerCrc = crc32c(buffer, at, at + SEALED_HEADER_BYTES, seen.headerCrc)
        indexes.visit(position, header)
      }
    }
  }
  indexes.end()
  return seen
}

function readSeal(
  fs: FileSystem,
  segment: LogSegment,
  isSealed: boolean,
  findings: Finding[],
): SegmentSeal | null {
  const path = segment.path('seal')
  const seal = fs.exists(path) ? decodeSegmentSeal(fs.readFile(path)) : null
  if (seal === null && isSealed) {
    const message = fs.exists(path) ? 'the seal is damaged' : 'the segment has no seal'
    findings.push({ severity: 'derived', path, position: null, message })
  }
  return seal
}

function compareWithSeal(
  segment: LogSegment,
  seal: SegmentSeal,
  seen: { headerCrc: number; nextOffset: number; nextBase: number; findings: Finding[] },
): void {
  const path = segment.path('log')
  const add = (message: string): void =>
    void seen.findings.push({ severity: 'damage', path, position: null, message })
  if (seal.sizeBytes !== segment.sizeBytes)
    add(`${segment.sizeBytes} bytes, and was sealed with ${seal.sizeBytes}`)
  else if (seal.headerCrc !== seen.headerCrc)
    add('offsets or leader epochs are others than when it was sealed')
  if (seal.nextOffset !== seen.nextBase) {
    add(`was sealed at offset ${seal.nextOffset}, and the next segment begins at ${seen.nextBase}`)
  }
}

function readEpochs(fs: FileSystem, directory: string, findings: Finding[]): LeaderEpochs {
  const path = `${directory}/${LEADER_EPOCH_CHECKPOINT}`
  const epochs = fs.exists(path) ? decodeLeaderEpochs(fs.readFile(path)) : null
  if (epochs !== null) return epochs
  findings.push({
    severity: 'derived',
    path,
    position: null,
    message: 'the leader epoch checkpoint is missing or damaged',
  })
  return new LeaderEpochs([])
}

function verifySnapshots(
  fs: FileSystem,
  directory: string,
  inventory: LogInventory,
  findings: Finding[],
): void {
  for (const offset of inventory.snapshotOffsets) {
    const path = `${directory}/${segmentFileName(offset, 'snapshot')}`
    if (decodeProducerSnapshot(fs.readFile(path)) !== null) continue
    findings.push({ severity: 'derived', path, position: null, message: 'the producer snapshot is damaged' })
  }
}
