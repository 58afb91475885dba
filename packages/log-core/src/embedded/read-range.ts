import type { PartitionLog } from '../log/partition-log.ts'
import { InvalidRequestError } from './invalid-request-error.ts'
import { isObject, type OptionCheck, shown } from './option-check.ts'

/**
 * A place in a log: an offset, the first or the next one, the last N records as `-N`, or the first record at or after
 * a time.
 */
export type ReadFrom = number | 'beginning' | 'end' | { readonly time: Date | number }

/** Where a read ends, exclusively. `end` is the end as it was when the read began. */
export type ReadUntil = number | 'end' | { readonly time: Date | number }

const TIME = '{ time } as a Date or milliseconds'

/** Which of them a number cannot be is told when it is resolved. */
export const READ_FROM: OptionCheck = {
  expected: `an offset, 'beginning', 'end', -N, or ${TIME}`,
  accepts: (value) => isPlace(value) || value === 'beginning',
}

export const READ_UNTIL: OptionCheck = { expected: `an offset, 'end', or ${TIME}`, accepts: isPlace }

function isPlace(value: unknown): boolean {
  if (typeof value === 'number' || value === 'end') return true
  return isObject(value) && (typeof value.time === 'number' || value.time instanceof Date)
}

/** The offset that `from` means now. -N counts offsets: in a compacted log there may be fewer records. */
export async function resolveFrom(log: PartitionLog, from: ReadFrom): Promise<number> {
  if (from === 'beginning') return log.logStartOffset
  if (from === 'end') return log.highWatermark
  if (typeof from === 'object') return offsetAt(log, from.time)
  checkOffset(log, from)
  return from < 0 || Object.is(from, -0) ? Math.max(log.logStartOffset, log.highWatermark + from) : from
}

/** The offset behind the last one to be read. */
export async function resolveUntil(log: PartitionLog, until: ReadUntil): Promise<number> {
  if (until === 'end') return log.highWatermark
  if (typeof until === 'object') return offsetAt(log, until.time)
  checkOffset(log, until)
  return until
}

/** Behind everything, when no record is that late. */
async function offsetAt(log: PartitionLog, time: Date | number): Promise<number> {
  const timestampMs = typeof time === 'number' ? time : time.getTime()
  if (Number.isNaN(timestampMs))
    throw new InvalidRequestError('INVALID_TIMESTAMP', log.directory, 'the time is not a valid one')
  return (await log.offsetForTimestamp(timestampMs))?.offset ?? log.highWatermark
}

/** Throws InvalidRequestError INVALID_OFFSET for what no offset can be. */
export function checkOffset(log: PartitionLog, offset: number): void {
  if (Number.isSafeInteger(offset)) return
  const message = `${shown(offset)} is no offset; expected a whole number below 2^53`
  throw new InvalidRequestError('INVALID_OFFSET', log.directory, message)
}
