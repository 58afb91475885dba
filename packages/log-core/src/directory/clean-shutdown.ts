import { crc32c } from '@millrace/record-batch'
import type { SegmentWriterState } from '../segment/segment-writer.ts'
import type { NewMark } from './sync-marks.ts'

/**
 * What a directory of logs says of itself when all of them were flushed and closed. It is durably gone before anything
 * is written again, so while it is there, nothing was torn.
 *
 *   "millrace-clean-shutdown 2 " crc newline json newline      crc: 8 hexadecimal digits, over the JSON text
 */
export interface CleanShutdown {
  readonly logs: readonly CleanLog[]
}

/** Enough to go on with a log without reading anything of it. */
export interface CleanLog {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
  /** Base offset and size of each sealed segment. */
  readonly sealed: readonly (readonly [number, number])[]
  /** Leader epoch and its first offset, of each. */
  readonly epochs: readonly (readonly [number, number])[]
  readonly snapshotOffsets: readonly number[]
  readonly logStartOffset: number
  readonly active: SegmentWriterState
  readonly offsetIndexCrc: number
  readonly timeIndexCrc: number
  /** Whether a producer snapshot of the log's end was written: without producers there is none. */
  readonly hasProducers: boolean
}

/** The mark that says of a log what its clean stop says. */
export function markOfCleanLog({ topicId, partition, logStartOffset, active, epochs }: CleanLog): NewMark {
  return {
    topicId,
    partition,
    leaderEpoch: epochs.at(-1)?.[0] ?? 0,
    segmentBaseOffset: active.baseOffset,
    position: active.sizeBytes,
    nextOffset: active.nextOffset,
    logStartOffset,
  }
}

export const CLEAN_SHUTDOWN = 'clean-shutdown'

const TITLE = 'millrace-clean-shutdown 2'

export function encodeCleanShutdown(shutdown: CleanShutdown): Buffer {
  const json = Buffer.from(`${JSON.stringify(shutdown)}\n`)
  return Buffer.concat([Buffer.from(`${TITLE} ${crcText(json)}\n`), json])
}

/** Null when the bytes are not a whole, undamaged one: then nothing is known, as after an unclean stop. */
export function decodeCleanShutdown(bytes: Buffer): CleanShutdown | null {
  const titleEnd = bytes.indexOf('\n')
  if (titleEnd < 0) return null
  const json = bytes.subarray(titleEnd + 1)
  if (bytes.toString('latin1', 0, titleEnd) !== `${TITLE} ${crcText(json)}`) return null
  // Written by this code, and its CRC matches: the shape is known.
  return JSON.parse(json.toString('utf8')) as CleanShutdown
}

function crcText(bytes: Buffer): string {
  return crc32c(bytes).toString(16).padStart(8, '0')
}
