import type { Cluster } from '../cluster.ts'
import { invalidOption } from '../option-check.ts'
import type { TopicPartition } from './consumer-record.ts'
import { EARLIEST, type Isolation, LATEST, lookUpOffsets, type OffsetQuery } from './offset-lookup.ts'

/** A moment: milliseconds since the epoch, or a Date. */
export interface AtTime {
  readonly time: number | Date
}

/**
 * Where reading starts in each partition: an offset, so many records before the end as a negative
 * number, or the first record at or after a time.
 */
export type ReadFrom = 'beginning' | 'end' | number | AtTime

/** Where reading ends in each partition: before this offset, before this time, or at the end as it is now. */
export type ReadUntil = 'end' | number | AtTime

/** What of one partition is to be read: `[start, end)`. Infinity: goes on. */
export interface ReadRange extends TopicPartition {
  readonly start: number
  readonly end: number
  /** Reading also ends at the first record of this time or later; Infinity when it does not. */
  readonly untilMs: number
}

/** Checks a `from` or `until`, and gives a time as a number. */
export function checkPosition(
  name: 'from' | 'until',
  given: unknown,
): number | 'beginning' | 'end' | { timeMs: number } {
  if (given === 'end' || (given === 'beginning' && name === 'from')) return given
  if (typeof given === 'number' && Number.isSafeInteger(given) && (given >= 0 || name === 'from'))
    return given
  if (typeof given === 'object' && given !== null && 'time' in given) {
    const timeMs = given.time instanceof Date ? given.time.getTime() : given.time
    if (typeof timeMs === 'number' && Number.isSafeInteger(timeMs) && timeMs >= 0) return { timeMs }
  }
  const expected = name === 'from' ? "'beginning', 'end', an offset, -N" : "'end', an offset"
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
    typeof from === 'object' ? look(from.timeMs) : null,
    typeof until === 'object' ? look(until.timeMs) : null,
  ])
  return partitions.map(({ topic, partition }, i) => {
    const first = earliest[i] ?? 0
    const last = latest[i] ?? 0
    const start = startOf(from, first, last, timed?.[i] ?? -1)
    const end = endOf(until, last, options.follow, untilTimed?.[i] ?? -1)
    return {
      topic,
      partition,
      start,
      end,
      untilMs: typeof until === 'object' ? until.timeMs : Number.POSITIVE_INFINITY,
    }
  })
}

function startOf(from: ReturnType<typeof checkPosition>, first: number, last: number, timed: number): number {
  if (from === 'beginning') return first
  if (from === 'end') return last
  // No record is that late: what comes from now on is.
  if (typeof from === 'object') return timed < 0 ? last : timed
  return from < 0 ? Math.max(first, last + from) : from
}

function endOf(
  until: ReturnType<typeof checkPosition> | undefined,
  last: number,
  follow: boolean,
  timed: number,
): number {
  const endless = follow ? Number.POSITIVE_INFINITY : last
  if (until === undefined || until === 'beginning') return endless
  if (until === 'end') return last
  if (typeof until === 'object') return timed < 0 ? endless : Math.min(timed, endless)
  return Math.min(until, endless)
}
