import type { Client } from '@millrace/client'
import { badRequest } from '../http/http-error.ts'
import { type OffsetTarget, resolveOffsets } from './offset-target.ts'

/** Of each partition of a topic, the next offset to read. */
export type Positions = Map<number, number>

/** Records that were deleted before they could be read. */
export interface Gap {
  readonly partition: number
  /** The first offset that is missing, and the first that is there again. */
  readonly from: number
  readonly to: number
}

const MAX_PARTITIONS = 100_000

/** Where to start in every partition of a topic, or in those that are named. */
export async function startPositions(
  client: Client,
  topic: string,
  target: OffsetTarget,
  partitions?: readonly number[],
): Promise<Positions> {
  const { name, partitions: existing } = await client.admin.describeTopic(topic)
  const wanted = partitions ?? existing.map(({ partition }) => partition)
  const places = wanted.map((partition) => ({ topic: name, partition }))
  const offsets = await resolveOffsets(client, places, target)
  return new Map(offsets.map(({ partition, offset }) => [partition, offset]))
}

/**
 * Goes on at positions that were left earlier. A partition that is new since is read from its beginning; what was
 * deleted since is told as gaps, rather than refused: a listener cannot do anything about it.
 */
export async function resumePositions(
  client: Client,
  topic: string,
  left: ReadonlyMap<number, number>,
  partitions?: readonly number[],
): Promise<{ readonly positions: Positions; readonly gaps: readonly Gap[] }> {
  const first = await startPositions(client, topic, 'beginning', partitions)
  const next = await startPositions(client, topic, 'end', partitions)
  const gaps: Gap[] = []
  const positions: Positions = new Map()
  for (const [partition, firstOffset] of first) {
    const asked = left.get(partition) ?? firstOffset
    // Beyond the end: the topic was made again since.
    const offset = asked < firstOffset || asked > (next.get(partition) ?? 0) ? firstOffset : asked
    if (asked < firstOffset) gaps.push({ partition, from: asked, to: firstOffset })
    positions.set(partition, offset)
  }
  return { positions, gaps }
}

/** As text: `0:15,1:22`. */
export function formatPositions(positions: ReadonlyMap<number, number>): string {
  let text = ''
  for (const [partition, offset] of positions) text += `${text === '' ? '' : ','}${partition}:${offset}`
  return text
}

/** Reads what `formatPositions` gave. Throws 400 for anything else. */
export function parsePositions(text: string): Positions {
  const positions: Positions = new Map()
  for (const part of text.split(',', MAX_PARTITIONS)) {
    const [, partition, offset] = /^(\d{1,9}):(\d{1,16})$/.exec(part) ?? []
    if (partition === undefined || !Number.isSafeInteger(Number(offset))) {
      throw badRequest(`positions ${text.slice(0, 100)}: expected PARTITION:OFFSET, with commas`)
    }
    positions.set(Number(partition), Number(offset))
  }
  return positions
}
