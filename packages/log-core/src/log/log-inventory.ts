import type { FileSystem } from '../fs/file-system.ts'
import { LogSegment } from '../segment/log-segment.ts'
import { parseSegmentFileName } from '../segment/segment-file-names.ts'

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
}

/** Reads the names. Files that neither Kafka nor this log writes are not mentioned: they are left alone. */
export function takeInventory(fs: FileSystem, directory: string): LogInventory {
  const segments: LogSegment[] = []
  const sealedBases = new Set<number>()
  const snapshotOffsets: number[] = []
  const leftovers: string[] = []
  const swaps: { name: string; baseOffset: number }[] = []
  for (const { name, kind: entryKind, sizeBytes } of fs.list(directory)) {
    if (entryKind !== 'file') continue
    const parsed = parseSegmentFileName(name)
    if (name.endsWith('.tmp') && (parsed !== null || isOwnAtomicFile(name))) leftovers.push(name)
    if (parsed === null) continue
    const { baseOffset, kind, stage } = parsed
    if (stage === 'swap') swaps.push({ name, baseOffset })
    else if (stage !== 'live') leftovers.push(name)
    else if (kind === 'log') segments.push(new LogSegment(directory, baseOffset, sizeBytes))
    else if (kind === 'seal') sealedBases.add(baseOffset)
    else if (kind === 'snapshot') snapshotOffsets.push(baseOffset)
  }
  segments.sort((a, b) => a.baseOffset - b.baseOffset)
  snapshotOffsets.sort((a, b) => a - b)
  return { segments, sealedBases, snapshotOffsets, leftovers, swaps }
}

function isOwnAtomicFile(name: string): boolean {
  return /^(\d{20}\.(seal|snapshot)|leader-epoch-checkpoint|partition\.metadata)\.tmp$/.test(name)
}
