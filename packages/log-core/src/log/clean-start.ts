import { crc32c } from '@millrace/record-batch'
import type { CleanLog } from '../directory/clean-shutdown.ts'
import { PARTITION_METADATA } from '../directory/partition-metadata.ts'
import { LogSegment } from '../segment/log-segment.ts'
import { OffsetIndex } from '../segment/offset-index.ts'
import { ReopeningFile } from '../segment/reopening-file.ts'
import { parseSegmentFileName, segmentFileName } from '../segment/segment-file-names.ts'
import { SegmentWriter } from '../segment/segment-writer.ts'
import { TimeIndex } from '../segment/time-index.ts'
import { LEADER_EPOCH_CHECKPOINT, LeaderEpochs } from './leader-epoch-checkpoint.ts'
import type { LogEnvironment, LogIdentity } from './log-environment.ts'
import { ProducerSnapshots } from './producer-snapshots.ts'
import { ProducerStates } from './producer-state.ts'

/** A log as a clean stop left it. */
export interface ResumedLog {
  readonly sealed: LogSegment[]
  readonly active: SegmentWriter
  readonly epochs: LeaderEpochs
  readonly producers: ProducerStates
  readonly snapshots: ProducerSnapshots
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
  if (!isAsLeft(environment, directory, clean)) return null
  const snapshots = new ProducerSnapshots(fs, directory, clean.snapshotOffsets)
  const producers = clean.hasProducers
    ? restoreProducers(snapshots, clean.active.nextOffset)
    : new ProducerStates()
  if (producers === null) return null
  const sealed = clean.sealed.map(
    ([baseOffset, sizeBytes]) => new LogSegment(directory, baseOffset, sizeBytes),
  )
  const epochs = new LeaderEpochs(clean.epochs.map(([epoch, startOffset]) => ({ epoch, startOffset })))
  return { sealed, active: resumeWriter(environment, directory, clean), epochs, producers, snapshots }
}

function restoreProducers(snapshots: ProducerSnapshots, endOffset: number): ProducerStates | null {
  const { producers, nextOffset } = snapshots.restore(endOffset)
  return nextOffset === endOffset ? producers : null
}

/** The names that make up the log are there, and none that has to be dealt with. */
function isAsLeft({ fs }: LogEnvironment, directory: string, clean: CleanLog): boolean {
  const names = fs.listNames?.(directory) ?? fs.list(directory).map(({ name }) => name)
  const missing = new Set([
    PARTITION_METADATA,
    LEADER_EPOCH_CHECKPOINT,
    ...clean.sealed.flatMap(([baseOffset]) => [
      segmentFileName(baseOffset, 'log'),
      segmentFileName(baseOffset, 'seal'),
    ]),
    segmentFileName(clean.active.baseOffset, 'log'),
  ])
  for (const name of names) {
    const isExpected = missing.delete(name)
    if (isExpected) continue
    const parsed = parseSegmentFileName(name)
    if (parsed !== null && (parsed.stage !== 'live' || parsed.kind === 'log')) return false
  }
  return missing.size === 0
}

/** Nothing of the active segment is opened before somebody appends or reads. */
function resumeWriter(environment: LogEnvironment, directory: string, clean: CleanLog): SegmentWriter {
  const { fs, activeFiles: pool } = environment
  const { baseOffset, sizeBytes } = clean.active
  const segment = new LogSegment(directory, baseOffset, sizeBytes)
  const path = segment.path('log')
  const file = new ReopeningFile({ fs, pool }, { path, sizeBytes, handle: null, isSynced: true })
  return SegmentWriter.resume(directory, file, clean.active, () => {
    const offsetBytes = readSidecar(environment, segment.path('index'), clean.offsetIndexCrc)
    const timeBytes = readSidecar(environment, segment.path('timeindex'), clean.timeIndexCrc)
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
