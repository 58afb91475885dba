import { crc32c } from '@millrace/record-batch'
import type { SegmentWriterState } from '../segment/segment-writer.ts'
import type { NewMark } from './sync-marks.ts'

/**
 * What a directory of logs says of itself when all of them were flushed and closed. It is durably gone before anything
 * is written again, so while it is there, nothing was torn.
 *
 *   "millrace-clean-shutdown 2 " crc newline json newline      crc: 8 hexadecimal digits, over the JSON text
 *
 * The JSON is `{"logs":[log, ...]}`, each log in a line of its own, so that one can be read when it is opened: ten
 * thousand of them with ten segments each take 25 MB as objects and 5 as text. Earlier versions broke no lines.
 */
export interface CleanShutdown {
  /** The JSON text of a `CleanLog` each: `parseCleanLog`. */
  readonly logs: readonly string[]
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
const FIRST_LINE = '{"logs":['
const LAST_LINE = ']}'

export function encodeCleanShutdown({ logs }: CleanShutdown): Buffer {
  const json = Buffer.from(`${FIRST_LINE}\n${logs.join(',\n')}\n${LAST_LINE}\n`)
  return Buffer.concat([Buffer.from(`${TITLE} ${crcText(json)}\n`), json])
}

/** Null when the bytes are not a whole, undamaged one: then nothing is known, as after an unclean stop. */
export function decodeCleanShutdown(bytes: Buffer): CleanShutdown | null {
  const titleEnd = bytes.indexOf('\n')
  if (titleEnd < 0) return null
  const json = bytes.subarray(titleEnd + 1)
  if (bytes.toString('latin1', 0, titleEnd) !== `${TITLE} ${crcText(json)}`) return null
  const lines = json.toString('utf8').split('\n')
  if (lines[0] !== FIRST_LINE) return { logs: withoutLines(json) }
  const logs = lines.slice(1, lines.indexOf(LAST_LINE)).filter((line) => line !== '')
  return { logs: logs.map((line) => line.replace(/,$/, '')) }
}

/** What was written by this code, and whose CRC matched: the shape is known. */
export function parseCleanLog(log: string): CleanLog {
  return JSON.parse(log) as CleanLog
}

function withoutLines(json: Buffer): string[] {
  const { logs } = JSON.parse(json.toString('utf8')) as { logs: CleanLog[] }
  return logs.map((log) => JSON.stringify(log))
}

function crcText(bytes: Buffer): string {
  return crc32c(bytes).toString(16).padStart(8, '0')
}
