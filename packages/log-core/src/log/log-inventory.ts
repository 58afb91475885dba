import type { FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import { LogSegment } from '../segment/log-segment.ts'
import { parseSegmentFileName } from '../segment/segment-file-names.ts'
import type { StorageLogger } from './storage-logger.ts'

/** What lies in the directory of a partition, by what has to be done with it. */
export interface LogInventory {
  /** In offset order. The last one is the active segment. */
  readonly segments: LogSegment[]
  /** Base offsets of the segments that have a seal. */
  readonly sealedBases: ReadonlySet<number>
  /** Offsets of the producer snapshots, ascending. */
  readonly snapshotOffsets: readonly number[]
  /** Names of what an interrupted deletion, swap or atomic write left behind: nothing relies on them. */
  readonly leftovers: readonly string[]
  /** Segments whose replacement was decided and not completed: `.swap`, by base offset. */
  readonly swaps: readonly { readonly name: string; readonly baseOffset: number }[]
  /** Names that neither Kafka nor this log gives to a file: such files are reported and left alone. */
  readonly strays: readonly string[]
}

/** The files of a log that belong to no segment, and copies of what was cut or set aside. */
const KNOWN =
  /^(leader-epoch-checkpoint|partition\.metadata|cleaner-checkpoint)(\.tmp)?$|\.(torn|damaged)(\.\d+)?$/
/** A segment whose offsets no safe integer holds. */
const BEYOND_OFFSETS = /^\d{20}\.log$/

/**
 * Reads the names. Throws StorageError CORRUPT for a segment that begins at 2^53 or later: without it the log would end
 * too early.
 */
export function takeInventory(fs: FileSystem, directory: string): LogInventory {
  const segments: LogSegment[] = []
  const sealedBases = new Set<number>()
  const snapshotOffsets: number[] = []
  const leftovers: string[] = []
  const swaps: { name: string; baseOffset: number }[] = []
  const strays: string[] = []
  for (const entry of fs.list(directory)) {
    const { name } = entry
    if (entry.kind !== 'file') continue
    const parsed = parseSegmentFileName(name)
    if (name.endsWith('.tmp') && (parsed !== null || isOwnAtomicFile(name))) leftovers.push(name)
    if (parsed === null) {
      if (BEYOND_OFFSETS.test(name)) throw beyondOffsets(`${directory}/${name}`)
      if (!isBesideSegments(name)) strays.push(name)
      continue
    }
    const { baseOffset, kind, stage } = parsed
    if (stage === 'swap') swaps.push({ name, baseOffset })
    else if (stage !== 'live') leftovers.push(name)
    else if (kind === 'log') segments.push(new LogSegment(directory, baseOffset, entry.sizeBytes))
    else if (kind === 'seal') sealedBases.add(baseOffset)
    else if (kind === 'snapshot') snapshotOffsets.push(baseOffset)
  }
  segments.sort((a, b) => a.baseOffset - b.baseOffset)
  snapshotOffsets.sort((a, b) => a - b)
  return { segments, sealedBases, snapshotOffsets, leftovers, swaps, strays }
}

/** Whether a name that is no segment's is still one of this log's. */
export function isBesideSegments(name: string): boolean {
  return KNOWN.test(name) || isOwnAtomicFile(name)
}

/** Tells of files that are nobody's: they are left alone. */
export function reportStrays(logger: StorageLogger, directory: string, { strays }: LogInventory): void {
  if (strays.length > 0) logger.warn({ directory, strays }, 'files that are not of the log are left alone')
}

function beyondOffsets(path: string): StorageError {
  const message = `${path} begins at an offset beyond 2^53 - 1; expected an offset below. Nothing was changed`
  return new StorageError('CORRUPT', path, message)
}

function isOwnAtomicFile(name: string): boolean {
  return /^(\d{20}\.(log|seal|snapshot)|leader-epoch-checkpoint|partition\.metadata)\.tmp$/.test(name)
}
