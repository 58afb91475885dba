import { crc32c } from '@millrace/record-batch'
import type { CleanLog } from '../directory/clean-shutdown.ts'
import { PARTITION_METADATA } from '../directory/partition-metadata.ts'
import { LogSegment } from '../segment/log-segment.ts'
import { OffsetIndex } from '../segment/offset-index.ts'
import { ReopeningFile } from '../segment/reopening-file.ts'
import { parseSegmentFileName, segmentFileName } from '../segment/segment-file-names.ts'
import { SegmentWriter, type SegmentWriterState } from '../segment/segment-writer.ts'
import { TimeIndex } from '../segment/time-index.ts'
import { LEADER_EPOCH_CHECKPOINT, LeaderEpochs } from './leader-epoch-checkpoint.ts'
import type { LogEnvironment, LogIdentity } from './log-environment.ts'
import { isBesideSegments, reportStrays, takeInventory } from './log-inventory.ts'
import { ProducerSnapshots } from './producer-snapshots.ts'
import { ProducerStates } from './producer-state.ts'
import type { IndexCrcs } from './segment-list.ts'

/** A log as a clean stop left it. */
export interface ResumedLog {
  readonly sealed: LogSegment[]
  readonly active: SegmentWriter
  readonly epochs: LeaderEpochs
  readonly producers: ProducerStates
  readonly snapshots: ProducerSnapshots
  readonly crcs: IndexCrcs
}

/**
 * Goes on with a log where a clean stop left it: only the names in its directory are read, and a producer snapshot if
 * there were producers. Null when anything is not as it was left: then the log is opened as any other.
 */
export function resumeLog(
  environment: LogEnvironment,
  identity: LogIdentity,
  clean: CleanLog,
): ResumedLog | null {
  const { fs } = environment
  const { directory } = identity
  const found = namesAsLeft(environment, directory, clean)
  if (found === null) return null
  // Rare, and worth a second listing: it refuses a segment that lies beyond all offsets, and tells of the others.
  if (found.hasOthers) reportStrays(environment.logger, directory, takeInventory(fs, directory))
  const snapshots = new ProducerSnapshots(fs, directory, clean.snapshotOffsets)
  const producers = clean.hasProducers
    ? restoreProducers(snapshots, clean.active.nextOffset)
    : new ProducerStates()
  if (producers === null) return null
  const sealed = clean.sealed.map(
    ([baseOffset, sizeBytes]) => new LogSegment(directory, baseOffset, sizeBytes),
  )
  const epochs = new LeaderEpochs(clean.epochs.map(([epoch, startOffset]) => ({ epoch, startOffset })))
  // Not the whole of `clean`: it is as large as the log with its segments.
  const crcs = { offsetIndexCrc: clean.offsetIndexCrc, timeIndexCrc: clean.timeIndexCrc }
  const active = resumeWriter(environment, directory, { state: clean.active, crcs })
  return { sealed, active, epochs, producers, snapshots, crcs }
}

function restoreProducers(snapshots: ProducerSnapshots, endOffset: number): ProducerStates | null {
  const { producers, nextOffset } = snapshots.restore(endOffset)
  return nextOffset === endOffset ? producers : null
}

/**
 * Null unless the names that make up the log are there, and none that has to be dealt with. `hasOthers` says that there
 * are names which are not of the log.
 */
function namesAsLeft(
  { fs }: LogEnvironment,
  directory: string,
  clean: CleanLog,
): { readonly hasOthers: boolean } | null {
  const names = fs.listNames?.(directory) ?? fs.list(directory).map(({ name }) => name)
  const sealedBases = new Set(clean.sealed.map(([baseOffset]) => baseOffset))
  let missing = 2 * sealedBases.size + EXPECTED_BESIDE_SEALED
  let hasOthers = false
  for (const name of names) {
    const parsed = parseSegmentFileName(name)
    if (parsed === null) {
      if (name === PARTITION_METADATA || name === LEADER_EPOCH_CHECKPOINT) missing--
      else if (!isBesideSegments(name)) hasOthers = true
      continue
    }
    const { baseOffset, kind, stage } = parsed
    if (stage !== 'live') return null
    const isOfSealed = sealedBases.has(baseOffset)
    if (kind === 'log' && !isOfSealed && baseOffset !== clean.active.baseOffset) return null
    if (kind === 'log' || (kind === 'seal' && isOfSealed)) missing--
  }
  return missing === 0 ? { hasOthers } : null
}

/** Its metadata, its epochs and the file of its active segment. */
const EXPECTED_BESIDE_SEALED = 3

/** Nothing of the active segment is opened before somebody appends or reads. */
function resumeWriter(
  environment: LogEnvironment,
  directory: string,
  { state, crcs }: { state: SegmentWriterState; crcs: IndexCrcs },
): SegmentWriter {
  const { fs, activeFiles: pool } = environment
  const { baseOffset, sizeBytes } = state
  const path = `${directory}/${segmentFileName(baseOffset, 'log')}`
  const file = new ReopeningFile({ fs, pool }, { path, sizeBytes, handle: null, isSynced: true })
  return SegmentWriter.resume(directory, file, state, (segment) => {
    const offsetBytes = readSidecar(environment, segment.path('index'), crcs.offsetIndexCrc)
    const timeBytes = readSidecar(environment, segment.path('timeindex'), crcs.timeIndexCrc)
    const offsetIndex = offsetBytes === null ? null : OffsetIndex.parse(offsetBytes, segment)
    const timeIndex = timeBytes === null ? null : TimeIndex.parse(timeBytes, baseOffset)
    return offsetIndex === null || timeIndex === null ? null : { offsetIndex, timeIndex }
  })
}

function readSidecar({ fs }: LogEnvironment, path: string, crc: number): Buffer | null {
  if (!fs.exists(path)) return null
  const bytes = fs.readFile(path)
  return crc32c(bytes) === crc ? bytes : null
}
