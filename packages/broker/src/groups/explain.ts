import {
  explainGroup,
  type GroupFacts,
  type GroupFinding,
  type PartitionFacts,
  type ShardGroupFacts,
} from '@millrace/consumer-groups'
import { readBatchHeader } from '@millrace/record-batch'
import type { BrokerServices } from '../broker-services.ts'

/** A group as the broker knows it, and what is the matter with it. */
export interface GroupExplanation {
  readonly facts: GroupFacts
  readonly findings: readonly GroupFinding[]
}

/** Each costs a look at a log. The rest of a larger group is told about without its logs. */
const MAX_PARTITIONS_LOOKED_AT = 1_000

/** Why a group reads nothing, or that it does; null when there is no such group, or it is still being loaded. */
export async function explainGroupOf(
  services: Pick<BrokerServices, 'clock' | 'groups' | 'partitions'>,
  groupId: string,
): Promise<GroupExplanation | null> {
  const known = services.groups.facts(groupId)
  if (known === null) return null
  const partitions = await Promise.all(
    known.partitions.map(async (place, index) =>
      index < MAX_PARTITIONS_LOOKED_AT ? withLog(services, place) : { ...place, log: null, failure: null },
    ),
  )
  const facts = { ...known, partitions }
  return { facts, findings: explainGroup(facts) }
}

async function withLog(
  { clock, partitions }: Pick<BrokerServices, 'clock' | 'partitions'>,
  place: ShardGroupFacts['partitions'][number],
): Promise<PartitionFacts> {
  const partition = partitions.find(place.topic, place.partition)
  const log = partition?.onlineLog
  if (log === undefined || log === null) {
    return { ...place, log: null, failure: partition?.failure?.message ?? null }
  }
  const [begin, end] = [log.logStartOffset, log.highWatermark]
  const next = Math.max(place.committed, begin)
  if (next >= end) return { ...place, log: { begin, end, oldestUnreadAgeMs: null }, failure: null }
  const oldestUnreadAgeMs = await ageOfRecord(log, next, clock.nowMs()).catch(() => null)
  return { ...place, log: { begin, end, oldestUnreadAgeMs }, failure: null }
}

type Log = NonNullable<NonNullable<ReturnType<BrokerServices['partitions']['find']>>['onlineLog']>

/** By the timestamp of its batch, which is no later than its own: no record is parsed for this. */
async function ageOfRecord(log: Log, offset: number, nowMs: number): Promise<number | null> {
  const slice = await log.read({ offset, maxBytes: 1, isFirstBatchWhole: true, limit: 'high-watermark' })
  try {
    const bytes = Buffer.concat(slice.buffers)
    return bytes.length === 0 ? null : Math.max(0, nowMs - readBatchHeader(bytes).baseTimestampMs)
  } finally {
    slice.release()
  }
}
