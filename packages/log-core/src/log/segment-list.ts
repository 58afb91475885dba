import { strict as assert } from 'node:assert'
import { crc32c } from '@millrace/record-batch'
import type { CleanLog } from '../directory/clean-shutdown.ts'
import { writeFileAtomically } from '../fs/atomic-file.ts'
import type { FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { ReopeningFile } from '../segment/reopening-file.ts'
import type { SegmentCache } from '../segment/segment-cache.ts'
import { segmentFileName } from '../segment/segment-file-names.ts'
import { encodeSegmentSeal } from '../segment/segment-seal.ts'
import { SegmentWriter } from '../segment/segment-writer.ts'
import type { LogEnvironment } from './log-environment.ts'
import type { ProducerSnapshots } from './producer-snapshots.ts'
import type { ProducerStates } from './producer-state.ts'

/** Of both index files of a segment. */
export type IndexCrcs = Pick<CleanLog, 'offsetIndexCrc' | 'timeIndexCrc'>

/** The segments of one log, in offset order; the last one is the active one. */
export class SegmentList {
  readonly #environment: LogEnvironment
  readonly #fs: FileSystem
  readonly #cache: SegmentCache
  readonly #directory: string
  readonly #snapshots: ProducerSnapshots
  /** Of the active segment's indexes as the last clean stop left them, when the log goes on from there. */
  readonly #resumedCrcs: IndexCrcs | null
  #sealed: LogSegment[]
  #active: SegmentWriter
  #sealedBytes: number

  constructor(
    environment: LogEnvironment,
    files: { directory: string; snapshots: ProducerSnapshots },
    segments: { sealed: LogSegment[]; active: SegmentWriter; resumedCrcs?: IndexCrcs },
  ) {
    this.#environment = environment
    this.#fs = environment.fs
    this.#cache = environment.cache
    this.#directory = files.directory
    this.#snapshots = files.snapshots
    this.#sealed = segments.sealed
    this.#resumedCrcs = segments.resumedCrcs ?? null
    this.#active = segments.active
    this.#sealedBytes = segments.sealed.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }

  get sealed(): readonly LogSegment[] {
    return this.#sealed
  }

  get active(): SegmentWriter {
    return this.#active
  }

  get sizeBytes(): number {
    return this.#sealedBytes + this.#active.segment.sizeBytes
  }

  get baseOffset(): number {
    return this.at(0)?.baseOffset ?? this.#active.segment.baseOffset
  }

  get count(): number {
    return this.#sealed.length + 1
  }

  at(index: number): LogSegment | undefined {
    return index === this.#sealed.length ? this.#active.segment : this.#sealed[index]
  }

  /** The offset behind the last one that the segment may hold. */
  endOffsetOf(index: number): number {
    return this.at(index + 1)?.baseOffset ?? this.#active.nextOffset
  }

  /** The segment that holds `offset`, when it is in the log at all; 0 when it lies before the first. */
  indexOf(offset: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.at(middle)?.baseOffset ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }

  /** The first segment that begins behind the given one, which may have been taken out meanwhile. */
  indexBehind(segment: LogSegment): number {
    const index = this.indexOf(segment.baseOffset)
    return (this.at(index)?.baseOffset ?? 0) > segment.baseOffset ? index : index + 1
  }

  /** Bytes of all segments behind the given one. */
  bytesBehind(index: number): number {
    let bytes = index < this.#sealed.length ? this.#active.segment.sizeBytes : 0
    for (let later = index + 1; later < this.#sealed.length; later++)
      bytes += this.#sealed[later]?.sizeBytes ?? 0
    return bytes
  }

  /**
   * Seals the active segment, all of whose bytes are synced, and begins the next one. The seal is synced before the
   * new file is made, and the directory before this resolves: so only the active segment is ever unsynced (L3).
   */
  async roll(producers: ProducerStates, nowMs: number): Promise<void> {
    const old = this.#active
    await Promise.all([
      sealSegment(this.#fs, old, { nowMs }),
      this.#snapshots.write(producers, old.nextOffset),
    ])
    const active = createSegmentWriter(this.#environment, this.#directory, {
      baseOffset: old.nextOffset,
      nowMs,
    })
    await this.#fs.syncDirectory(this.#directory)
    this.#cache.keepOffsetIndex(old.segment.path('index'), old.offsetIndex)
    this.#cache.keepTimeIndex(old.segment.path('timeindex'), old.timeIndex)
    old.segment.active = null
    old.file.close()
    this.#sealed.push(old.segment)
    this.#sealedBytes += old.segment.sizeBytes
    this.#active = active
  }

  /** Takes the first `count` sealed segments out of the list; their files are the caller's business. */
  removeFirst(count: number): LogSegment[] {
    assert(count <= this.#sealed.length, 'the active segment is not removed')
    const removed = this.#sealed.splice(0, count)
    for (const segment of removed) this.#retire(segment)
    return removed
  }

  /** Whether all of them are still here, one behind the other. */
  hasAll(segments: readonly LogSegment[]): boolean {
    const first = this.#sealed.findIndex(({ baseOffset }) => baseOffset === segments[0]?.baseOffset)
    return first >= 0 && segments.every((segment, index) => this.#sealed[first + index] === segment)
  }

  /** Puts one segment in the place of some neighbours. Their files are the caller's business. */
  replace(old: readonly LogSegment[], segment: LogSegment): void {
    assert(this.hasAll(old), 'only what is there can be replaced')
    const first = this.#sealed.findIndex(({ baseOffset }) => baseOffset === segment.baseOffset)
    this.#sealed.splice(first, old.length, segment)
    for (const retired of old) this.#retire(retired)
    this.#sealedBytes += segment.sizeBytes
  }

  #retire(segment: LogSegment): void {
    segment.facts.isRetired = true
    this.#sealedBytes -= segment.sizeBytes
    this.#cache.forgetSegment(segment)
  }

  /** Enough to go on after a clean stop without reading anything. */
  cleanState(): Pick<CleanLog, 'active' | 'offsetIndexCrc' | 'timeIndexCrc' | 'sealed' | 'snapshotOffsets'> {
    return {
      active: this.#active.state(),
      ...this.#indexCrcs(),
      sealed: this.#sealed.map(({ baseOffset, sizeBytes }) => [baseOffset, sizeBytes]),
      snapshotOffsets: this.#snapshots.offsets,
    }
  }

  /** What a clean stop leaves for a quick start: the indexes of the active segment, and what the producers did. */
  async writeForQuickStart(producers: ProducerStates): Promise<void> {
    const { nextOffset } = this.#active
    if (!this.#active.areIndexesAsLeft) writeIndexFiles(this.#fs, this.#active)
    const isKnown = this.#active.areIndexesAsLeft && this.#snapshots.offsets.includes(nextOffset)
    if (producers.count > 0 && !isKnown) await this.#snapshots.write(producers, nextOffset)
  }

  #indexCrcs(): IndexCrcs {
    if (this.#active.areIndexesAsLeft && this.#resumedCrcs !== null) return this.#resumedCrcs
    const { offsetIndex, timeIndex } = this.#active
    return { offsetIndexCrc: crc32c(offsetIndex.bytes()), timeIndexCrc: crc32c(timeIndex.bytes()) }
  }

  close(): void {
    this.#active.file.close()
    for (const segment of this.#sealed) this.#cache.forgetSegment(segment)
  }
}

/** An empty segment. The empty file that a failed attempt left under its name serves; one with bytes is not ours to use. */
export function createSegmentWriter(
  environment: Pick<LogEnvironment, 'fs' | 'activeFiles'>,
  directory: string,
  { baseOffset, nowMs }: { baseOffset: number; nowMs: number },
): SegmentWriter {
  const { fs, activeFiles: pool } = environment
  const path = `${directory}/${segmentFileName(baseOffset, 'log')}`
  const handle = fs.open(path, fs.exists(path) ? 'open' : 'create')
  if (handle.sizeBytes > 0) {
    handle.close()
    throw new StorageError(
      'EEXIST',
      path,
      `${path} holds ${handle.sizeBytes} bytes; expected no such segment`,
    )
  }
  const file = new ReopeningFile({ fs, pool }, { path, sizeBytes: 0, handle, isSynced: true })
  return new SegmentWriter({ directory, baseOffset }, file, nowMs)
}

/** The indexes are not synced: the seal, which is, tells a torn one, and an index can be built again. */
export async function sealSegment(
  fs: FileSystem,
  writer: SegmentWriter,
  facts: { nowMs: number; isCompacted?: boolean },
): Promise<void> {
  const seal = writer.seal(facts)
  writeIndexFiles(fs, writer)
  await writeFileAtomically(fs, writer.segment.path('seal'), encodeSegmentSeal(seal))
}

/** Writes both indexes as they stand in memory, whole. */
export function writeIndexFiles(fs: FileSystem, writer: SegmentWriter): void {
  replaceFile(fs, writer.segment.path('index'), writer.offsetIndex.bytes())
  replaceFile(fs, writer.segment.path('timeindex'), writer.timeIndex.bytes())
}

function replaceFile(fs: FileSystem, path: string, bytes: Buffer): void {
  if (fs.exists(path)) fs.remove(path)
  const file = fs.open(path, 'create')
  try {
    file.appendSync([bytes])
  } finally {
    file.close()
  }
}
