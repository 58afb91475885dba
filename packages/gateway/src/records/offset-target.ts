import type { Client, TopicPartition } from '@millrace/client'
import { badRequest } from '../http/http-error.ts'
import { JsonFields } from '../http/json-fields.ts'
import { readTime } from '../http/query.ts'

/** A place in each partition: one of its ends, an offset, so many records before the end, or a time. */
export type OffsetTarget = 'beginning' | 'end' | number | { readonly timeMs: number }

const LATEST = -1
const EARLIEST = -2

/** Reads `"beginning"`, `"end"`, an integer, or `{"time": ...}`. Throws 400 for anything else. */
export function readOffsetTarget(name: string, given: unknown): OffsetTarget {
  if (given === 'beginning' || given === 'end') return given
  if (typeof given === 'number' && Number.isSafeInteger(given)) return given
  if (typeof given === 'object' && given !== null) {
    return { timeMs: readTime(`${name}.time`, new JsonFields(name, given, ['time']).value('time')) }
  }
  throw badRequest(`${name}: expected "beginning", "end", an offset, -N or {"time": ...}`)
}

/** The offset of each partition. One outside of the log is moved to its nearest end. */
export async function resolveOffsets(
  client: Client,
  places: readonly TopicPartition[],
  target: OffsetTarget,
): Promise<(TopicPartition & { readonly offset: number })[]> {
  const look = async (timestamp: number): Promise<number[]> =>
    (await client.admin.listOffsets(places.map((place) => ({ ...place, timestamp })))).map(
      ({ offset }) => offset,
    )
  const [first, next, timed] = await Promise.all([
    look(EARLIEST),
    look(LATEST),
    typeof target === 'object' ? look(target.timeMs) : null,
  ])
  return places.map(({ topic, partition }, index) => {
    const range = { first: first[index] ?? 0, next: next[index] ?? 0 }
    return { topic, partition, offset: offsetAt(target, range, timed?.[index] ?? -1) }
  })
}

function offsetAt(
  target: OffsetTarget,
  { first, next }: { readonly first: number; readonly next: number },
  timed: number,
): number {
  if (target === 'beginning') return first
  if (target === 'end') return next
  // No record is that late: what comes from now on is.
  if (typeof target === 'object') return timed < 0 ? next : timed
  return Math.min(next, Math.max(first, target < 0 ? next + target : target))
}
