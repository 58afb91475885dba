import { type BatchHeader, type LogRecord, readRecords } from '@millrace/record-batch'
import { decodeMarksFile, type SyncMark } from '../directory/sync-mark-record.ts'
import type { FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import { decodeLeaderEpochs, type EpochEntry } from '../log/leader-epoch-checkpoint.ts'
import { decodeProducerSnapshot } from '../log/producer-snapshot.ts'
import type { ProducerEntry } from '../log/producer-state.ts'
import { OffsetIndex } from '../segment/offset-index.ts'
import { parseSegmentFileName } from '../segment/segment-file-names.ts'
import { decodeSegmentSeal, type SegmentSeal } from '../segment/segment-seal.ts'
import { TimeIndex } from '../segment/time-index.ts'
import { type DamagedRange, salvageSegment } from './salvage.ts'

/** One thing that a file holds. */
export type DumpEntry =
  | { readonly kind: 'batch'; readonly position: number; readonly header: BatchHeader }
  | { readonly kind: 'record'; readonly record: LogRecord }
  | ({ readonly kind: 'damage' } & DamagedRange)
  | { readonly kind: 'offset-index-entry'; readonly offset: number; readonly position: number }
  | { readonly kind: 'time-index-entry'; readonly timestampMs: number; readonly offset: number }
  | ({ readonly kind: 'seal' } & SegmentSeal)
  | { readonly kind: 'producer'; readonly producer: ProducerEntry }
  /** A forgotten one takes all earlier marks of its partition back: it was deleted. */
  | ({ readonly kind: 'mark' | 'forgotten-mark' } & SyncMark)
  | ({ readonly kind: 'leader-epoch' } & EpochEntry)
  | { readonly kind: 'unreadable'; readonly message: string }

/**
 * What one file of a data directory holds, in order: a segment, an index, a seal, a snapshot, the epoch checkpoint or
 * the sync marks. Damage is told and passed over. Throws StorageError NOT_OURS for any other file.
 */
export async function* dumpFile(
  fs: FileSystem,
  path: string,
  options: { records?: boolean } = {},
): AsyncGenerator<DumpEntry, void, void> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const bytesOf = (): Buffer => fs.readFile(path)
  if (name === 'leader-epoch-checkpoint') yield* dumpEpochs(bytesOf())
  else if (/^sync-marks\.\d+$/.test(name)) yield* dumpMarks(bytesOf())
  else {
    const parsed = parseSegmentFileName(name.replace(/\.damaged(\.\d+)?$/, ''))
    switch (parsed?.kind) {
      case 'log':
        yield* dumpSegment(fs, path, { baseOffset: parsed.baseOffset, hasRecords: options.records ?? false })
        break
      case 'index':
        yield* dumpOffsetIndex(bytesOf(), parsed.baseOffset)
        break
      case 'timeindex':
        yield* dumpTimeIndex(bytesOf(), parsed.baseOffset)
        break
      case 'seal':
        yield* dumpSeal(bytesOf())
        break
      case 'snapshot':
        yield* dumpSnapshot(bytesOf())
        break
      case 'txnindex':
      case undefined:
        throw new StorageError('NOT_OURS', path, `${path} is no file of a log that can be dumped`)
    }
  }
}

async function* dumpSegment(
  fs: FileSystem,
  path: string,
  { baseOffset, hasRecords }: { baseOffset: number; hasRecords: boolean },
): AsyncGenerator<DumpEntry, void, void> {
  const file = fs.open(path, 'read')
  try {
    for await (const step of salvageSegment(file, { baseOffset, hasGaps: true, epochOf: () => -1 })) {
      if (step.kind === 'damage') yield step
      for (const { buffer, at, position, header } of step.kind === 'batches' ? step.batches : []) {
        yield { kind: 'batch', position, header }
        if (!hasRecords) continue
        for (const record of readRecords(buffer, at)) yield { kind: 'record', record }
      }
    }
  } finally {
    file.close()
  }
}

function* dumpOffsetIndex(bytes: Buffer, baseOffset: number): Generator<DumpEntry, void, void> {
  const index = OffsetIndex.parse(bytes, { baseOffset, sizeBytes: Number.MAX_SAFE_INTEGER })
  if (index === null) yield unreadable('is no offset index: its entries are not whole or do not ascend')
  for (let at = 0; at < (index?.entryCount ?? 0); at++) {
    const entry = index?.entryAt(at)
    if (entry !== undefined) yield { kind: 'offset-index-entry', ...entry }
  }
}

function* dumpTimeIndex(bytes: Buffer, baseOffset: number): Generator<DumpEntry, void, void> {
  const index = TimeIndex.parse(bytes, baseOffset)
  if (index === null) yield unreadable('is no time index: its entries are not whole or do not ascend')
  for (let at = 0; at < (index?.entryCount ?? 0); at++) {
    const entry = index?.entryAt(at)
    if (entry !== undefined) yield { kind: 'time-index-entry', ...entry }
  }
}

function* dumpSeal(bytes: Buffer): Generator<DumpEntry, void, void> {
  const seal = decodeSegmentSeal(bytes)
  yield seal === null ? unreadable('is no whole seal') : { kind: 'seal', ...seal }
}

function* dumpSnapshot(bytes: Buffer): Generator<DumpEntry, void, void> {
  const producers = decodeProducerSnapshot(bytes)
  if (producers === null) yield unreadable('is no whole producer snapshot')
  for (const producer of producers ?? []) yield { kind: 'producer', producer }
}

function* dumpMarks(bytes: Buffer): Generator<DumpEntry, void, void> {
  const { marks, damagedCount } = decodeMarksFile(bytes)
  for (const { mark, isForgotten } of marks) yield { kind: isForgotten ? 'forgotten-mark' : 'mark', ...mark }
  if (damagedCount > 0) yield unreadable(`${damagedCount} records are not whole`)
}

function* dumpEpochs(bytes: Buffer): Generator<DumpEntry, void, void> {
  const epochs = decodeLeaderEpochs(bytes)
  if (epochs === null) yield unreadable('is no leader epoch checkpoint')
  for (const entry of epochs?.entries ?? []) yield { kind: 'leader-epoch', ...entry }
}

function unreadable(message: string): DumpEntry {
  return { kind: 'unreadable', message }
}
