import { crc32c } from '@millrace/record-batch'
import type { SegmentWriterState } from '../segment/segment-writer.ts'

/**
 * What a directory of logs says of itself when all of them were flushed and closed. It is durably gone before anything
 * is written again, so while it is there, nothing was torn.
 *
 *   "millrace-clean-shutdown 1 " crc newline json newline      crc: 8 hexadecimal digits, over the JSON text
 */
export interface CleanShutdown {
  readonly logs: readonly CleanLog[]
}

/** Enough to go on appending without reading the log. */
export interface CleanLog {
  readonly topicId: string
  readonly partition: number
  readonly logStartOffset: number
  readonly active: SegmentWriterState
  readonly offsetIndexCrc: number
  readonly timeIndexCrc: number
  /** Whether a producer snapshot of the log's end was written: without producers there is none. */
  readonly hasProducers: boolean
}

export const CLEAN_SHUTDOWN = 'clean-shutdown'

const TITLE = 'millrace-clean-shutdown 1'

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
