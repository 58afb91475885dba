import type { Cluster } from '../cluster.ts'
import { invalidOption } from '../option-check.ts'
import type { TopicPartition } from './consumer-record.ts'
import { EARLIEST, type Isolation, LATEST, lookUpOffsets, type OffsetQuery } from './offset-lookup.ts'

/** A moment: milliseconds since the epoch, or a Date. */
export interface AtTime {
  readonly time: number | Date
}

/** An offset for each partition, by number; a partition that is not named is read from its beginning. */
export interface AtOffsets {
  readonly offsets: Readonly<Record<number, number>>
}

/**
 * Where reading starts in each partition: an offset, one for each, so many records before the end as a negative
 * number, or the first record at or after a time.
 */
export type ReadFrom = 'beginning' | 'end' | number | AtTime | AtOffsets

/** Where reading ends in each partition: before this offset, before this time, or at the end as it is now. */
export type ReadUntil = 'end' | number | AtTime

/** What of one partition is to be read: `[start, end)`. Infinity: goes on. */
export interface ReadRange extends TopicPartition {
  readonly start: number
  readonly end: number
  /** Reading also ends at the first record of this time or later; Infinity when it does not. */
  readonly untilMs: number
}

/** A `from` or `until` that was checked. */
type Position =
  | number
  | 'beginning'
  | 'end'
  | { readonly timeMs: number }
  | { readonly offsets: ReadonlyMap<number, number> }

/** Checks a `from` or `until`, and gives a time as a number. */
export function checkPosition(name: 'from' | 'until', given: unknown): Position {
  if (given === 'end' || (given === 'beginning' && name === 'from')) return given
  if (typeof given === 'number' && Number.isSafeInteger(given) && (given >= 0 || name === 'from'))
    return given
  if (typeof given === 'object' && given !== null && 'time' in given) {
    const timeMs = given.time instanceof Date ? given.time.getTime() : given.time
    if (typeof timeMs === 'number' && Number.isSafeInteger(timeMs) && timeMs >= 0) return { timeMs }
  }
  if (typeof given === 'object' && given !== null && 'offsets' in given && name === 'from') {
    // What is no object has no entries, and would be read as no offsets at all.
    const named: object = typeof given.offsets === 'object' && given.offsets !== null ? given.offsets : [-1]
    const offsets = Object.entries(named).map(([partition, offset]) => [Number(partition), offset])
    if (offsets.flat().every((value) => Number.isSafeInteger(value) && value >= 0)) {
      return { offsets: new Map(offsets as [number, number][]) }
    }
  }
  const expected = name === 'from' ? "'beginning', 'end', an offset, -N, { offsets }" : "'end', an offset"
  throw invalidOption(name, given, `${expected} or { time } in ms`)
}

/** Turns `from` and `until` into offsets of each partition. */
export async function resolveRanges(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  options: {
    readonly from: ReadFrom
    readonly until: ReadUntil | undefined
    readonly follow: boolean
    readonly isolation: Isolation
    readonly signal?: AbortSignal
  },
): Promise<ReadRange[]> {
  const from = checkPosition('from', options.from)
  const until = options.until === undefined ? undefined : checkPosition('until', options.until)
  const look = async (timestamp: number): Promise<number[]> => {
    const queries: OffsetQuery[] = partitions.map(({ topic, partition }) => ({ topic, partition, timestamp }))
    return (await lookUpOffsets(cluster, queries, options)).map(({ offset }) => offset)
  }
  const [earliest, latest, timed, untilTimed] = await Promise.all([
    look(EARLIEST),
    look(LATEST),
    isTime(from) ? look(from.timeMs) : null,
    isTime(until) ? look(until.timeMs) : null,
  ])
  return partitions.map(({ topic, partition }, i) => {
    const first = earliest[i] ?? 0
    const last = latest[i] ?? 0
    const start =
      typeof from === 'object' && 'offsets' in from
        ? (from.offsets.get(partition) ?? first)
        : startOf(from, first, last, timed?.[i] ?? -1)
    const end = endOf(until, last, options.follow, untilTimed?.[i] ?? -1)
    return {
      topic,
      partition,
      start,
      end,
      untilMs: isTime(until) ? until.timeMs : Number.POSITIVE_INFINITY,
    }
  })
}

function isTime(position: Position | undefined): position is { readonly timeMs: number } {
  return typeof position === 'object' && 'timeMs' in position
}

type OnePosition = Exclude<Position, { readonly offsets: ReadonlyMap<number, number> }>

function startOf(from: OnePosition, first: number, last: number, timed: number): number {
  if (from === 'beginning') return first
  if (from === 'end') return last
  // No record is that late: what comes from now on is.
  if (typeof from === 'object') return timed < 0 ? last : timed
  return from < 0 ? Math.max(first, last + from) : from
}

function endOf(until: Position | undefined, last: number, follow: boolean, timed: number): number {
  const endless = follow ? Number.POSITIVE_INFINITY : last
  if (until === undefined || until === 'beginning') return endless
  if (until === 'end') return last
  if (isTime(until)) return timed < 0 ? endless : Math.min(timed, endless)
  return typeof until === 'number' ? Math.min(until, endless) : endless
}
