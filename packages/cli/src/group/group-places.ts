import {
  type Client,
  type CommittedOffset,
  EARLIEST,
  type GroupDescription,
  LATEST,
  type TopicPartition,
} from '@millrace/client'
import { CommandError } from '../command-error.ts'

/** One partition of a group. Offsets are -1 where there is none, `begin` and `end` of a topic that is gone too. */
export interface GroupPlace extends TopicPartition {
  readonly committed: number
  readonly begin: number
  readonly end: number
  readonly memberId: string | null
  /** How old the record at the committed offset is; null when everything was read, or nobody looked. */
  readonly lagMs: number | null
}

/** Each costs a look at one record. */
const MAX_RECORDS_LOOKED_AT = 500
const LOOKS_AT_ONCE = 8
const LOOK_BYTES = 64 * 1024

/** The group, or an error that says where to look. */
export async function existingGroup(client: Client, group: string): Promise<GroupDescription> {
  const description = await client.admin.describeGroup(group)
  if (description === null)
    throw new CommandError(`there is no group "${group}": millrace group list names them`)
  return description
}

/** What a group has committed and what its members have, in order, with how far each is behind. */
export async function groupPlaces(client: Client, description: GroupDescription): Promise<GroupPlace[]> {
  const committed = await client.admin.fetchOffsets(description.group)
  const places = new Map<string, TopicPartition & { committed: number; memberId: string | null }>()
  for (const { topic, partition, offset } of committed) {
    places.set(placeKey({ topic, partition }), { topic, partition, committed: offset, memberId: null })
  }
  for (const { memberId, assignment } of description.members) {
    for (const { topic, partition } of assignment) {
      const known = places.get(placeKey({ topic, partition }))
      places.set(placeKey({ topic, partition }), {
        topic,
        partition,
        committed: known?.committed ?? -1,
        memberId,
      })
    }
  }
  const all = byPlace([...places.values()])
  const { begins, ends } = await rangesOf(client, all)
  const located = all.map((place) => ({
    ...place,
    begin: begins.get(placeKey(place)) ?? -1,
    end: ends.get(placeKey(place)) ?? -1,
  }))
  const ages = await unreadAges(client, located.filter(isBehind).slice(0, MAX_RECORDS_LOOKED_AT))
  return located.map((place) => ({ ...place, lagMs: ages.get(placeKey(place)) ?? null }))
}

/** The two ends of partitions; those of a topic that was deleted since are left out. */
export async function rangesOf(
  client: Client,
  partitions: readonly TopicPartition[],
): Promise<{ begins: ReadonlyMap<string, number>; ends: ReadonlyMap<string, number> }> {
  const topics = await client.admin.listTopics({ includeInternal: true })
  const counts = new Map(topics.map(({ name, partitions: those }) => [name, those.length]))
  const known = partitions.filter(({ topic, partition }) => partition < (counts.get(topic) ?? 0))
  const look = async (timestamp: number): Promise<ReadonlyMap<string, number>> => {
    const found = await client.admin.listOffsets(known.map((at) => ({ ...at, timestamp })))
    return new Map(found.map((at) => [placeKey(at), at.offset]))
  }
  const [begins, ends] = await Promise.all([look(EARLIEST), look(LATEST)])
  return { begins, ends }
}

/** Records between what was committed and the end; -1 where there is no such thing. */
export function lagOf({ committed, end }: Pick<GroupPlace, 'committed' | 'end'>): number {
  return committed < 0 || end < 0 ? -1 : Math.max(0, end - committed)
}

/** `1 member`, `3 running members` */
export function countedMembers(count: number, which: '' | 'running ' = ''): string {
  return `${count} ${which}${count === 1 ? 'member' : 'members'}`
}

/** A partition's name in maps. */
export function placeKey({ partition, topic }: TopicPartition): string {
  return `${topic}/${partition}`
}

/** Sorted by topic and partition. */
export function byPlace<T extends TopicPartition>(places: readonly T[]): T[] {
  return [...places].sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  )
}

/** The committed offsets of one group, by partition. */
export async function committedBy(client: Client, group: string): Promise<Map<string, CommittedOffset>> {
  return new Map((await client.admin.fetchOffsets(group)).map((at) => [placeKey(at), at]))
}

function isBehind({ begin, committed, end }: Pick<GroupPlace, 'begin' | 'committed' | 'end'>): boolean {
  return Math.max(committed, begin) < end
}

async function unreadAges(
  client: Client,
  places: readonly (TopicPartition & { begin: number; committed: number })[],
): Promise<ReadonlyMap<string, number>> {
  const ages = new Map<string, number>()
  const left = places.values()
  const work = async (): Promise<void> => {
    for (const place of left) {
      const timestampMs = await timestampAt(client, place)
      if (timestampMs !== null) ages.set(placeKey(place), Math.max(0, Date.now() - timestampMs))
    }
  }
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, work))
  return ages
}

/** Of the first record that is left at or behind the offset. */
async function timestampAt(
  client: Client,
  { begin, committed, partition, topic }: TopicPartition & { begin: number; committed: number },
): Promise<number | null> {
  const reader = client.read(topic, {
    from: Math.max(committed, begin),
    partitions: [partition],
    isolation: 'read_uncommitted',
    readAheadBytes: LOOK_BYTES,
  })
  for await (const { timestampMs } of reader) return timestampMs < 0 ? null : timestampMs
  return null
}
