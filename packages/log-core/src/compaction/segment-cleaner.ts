import { type BatchHeader, filterBatch } from '@millrace/record-batch'
import { StorageError } from '../fs/storage-error.ts'
import type { LogEnvironment } from '../log/log-environment.ts'
import type { LogConfig } from '../log-config.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import {
  asSegmentBatch,
  type FoundBatch,
  readableSegment,
  scanOfSealed,
  scanSegment,
} from '../segment/segment-scan.ts'
import { type SegmentBatch, SegmentWriter } from '../segment/segment-writer.ts'
import { groupKeys, isRecordKept, type RetentionFacts } from './record-retention.ts'
import type { WorkPacer } from './work-pacer.ts'

/** What one group of segments becomes. The writer's file is written and synced, and has the name that is given. */
export interface CleanedGroup {
  readonly writer: SegmentWriter
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/**
 * Copies what stays of some neighbouring segments into one new file. Every batch is checked on the way: damage is
 * never copied under a new seal. Batches of which all records stay are copied as they lie.
 *
 * Control batches, which end transactions, stay.
 */
export class SegmentCleaner {
  readonly #environment: LogEnvironment
  readonly #config: LogConfig
  readonly #facts: RetentionFacts
  readonly #pacer: WorkPacer

  constructor(environment: LogEnvironment, config: LogConfig, facts: RetentionFacts, pacer: WorkPacer) {
    this.#environment = environment
    this.#config = config
    this.#facts = facts
    this.#pacer = pacer
  }

  /** Throws StorageError CORRUPT for damage in a segment; then, as after any failure, the new file is gone again. */
  async clean(group: readonly LogSegment[], path: string): Promise<CleanedGroup> {
    const { fs } = this.#environment
    const first = group[0]
    if (first === undefined) throw new RangeError('a group of segments has at least one')
    if (fs.exists(path)) fs.remove(path)
    const file = fs.open(path, 'create')
    const writer = new SegmentWriter(first, file, 0)
    try {
      for (const segment of group) await this.#copy(segment, writer)
      await file.sync()
      const bytesBefore = group.reduce((sum, segment) => sum + segment.sizeBytes, 0)
      return { writer, bytesBefore, bytesAfter: writer.segment.sizeBytes }
    } catch (error) {
      fs.remove(path)
      throw error
    } finally {
      file.close()
    }
  }

  async #copy(segment: LogSegment, writer: SegmentWriter): Promise<void> {
    const source = readableSegment(segment, this.#environment.cache)
    let kept: SegmentBatch[] = []
    const write = (): void => {
      if (kept.length > 0) writer.append(kept, this.#config)
      kept = []
    }
    const paced = {
      sizeBytes: source.sizeBytes,
      // What was kept of the last chunk is written before the next one takes its memory.
      readInto: async (position: number, target: Buffer, length: number): Promise<number> => {
        write()
        await this.#pacer.rest()
        const readBytes = await source.readInto(position, target, length)
        this.#pacer.resume()
        return readBytes
      },
    }
    const end = await scanSegment(paced, scanOfSealed(segment), (batch) => {
      const stays = this.#filtered(batch)
      if (stays !== null) kept.push(stays)
    })
    write()
    if (end.kind === 'end') return
    const path = segment.path('log')
    throw new StorageError('CORRUPT', path, `${path} at byte ${end.position}: ${end.message}`)
  }

  #filtered(batch: FoundBatch): SegmentBatch | null {
    const { buffer, at, header } = batch
    if (header.isControl) return asSegmentBatch(batch)
    const filtered = filterBatch(buffer, at, header, {
      prepare: (records) => groupKeys(records, this.#facts.latest),
      keep: (record) => isRecordKept(record, header, this.#facts),
      deleteHorizonMs: this.#facts.nowMs + this.#config.deleteRetentionMs,
    })
    switch (filtered.kind) {
      case 'unchanged':
        return asSegmentBatch(batch)
      case 'empty':
        return null
      case 'changed':
        return changedBatch(header, filtered.batch, filtered.maxTimestampMs)
    }
  }
}

function changedBatch(header: BatchHeader, buffer: Buffer, maxTimestampMs: number): SegmentBatch {
  const { baseOffset, lastOffset } = header
  return { buffer, sizeBytes: buffer.length, baseOffset, lastOffset, maxTimestampMs }
}
