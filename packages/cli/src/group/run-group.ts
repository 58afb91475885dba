import {
  type Client,
  type CommittedOffset,
  EARLIEST,
  type GroupDescription,
  LATEST,
  type TopicPartition,
} from '@millrace/client'
import { CommandError } from '../command-error.ts'
import type { BrokerArguments } from '../commands/broker-option.ts'
import type { GroupDescribeArguments, GroupResetArguments } from '../commands/group.ts'
import { connect } from '../connection/connect.ts'
import { formatTable } from '../output/table.ts'
import { type Position, parsePosition } from '../position.ts'
import { writeNote, writeOut } from '../terminal.ts'

/** One partition of a group: `committed` and `end` are -1 where there is none. */
interface GroupPartition extends TopicPartition {
  readonly committed: number
  readonly end: number
  readonly memberId: string | null
}

export async function listGroups(args: BrokerArguments): Promise<void> {
  await using client = await connect(args)
  const groups = await client.admin.listGroups()
  const rows = groups.map(({ group, state, type, protocolType }) => [group, state, type || protocolType])
  await writeOut(formatTable(['GROUP', 'STATE', 'TYPE'], rows))
}

export async function describeGroup(args: GroupDescribeArguments): Promise<void> {
  await using client = await connect(args)
  const description = await existingGroup(client, args.group)
  const committed = await client.admin.fetchOffsets(args.group)
  const partitions = await groupPartitions(client, description, committed)
  await writeOut(args.output === 'json' ? asJson(description, partitions) : asTable(description, partitions))
}

export async function resetGroup(args: GroupResetArguments): Promise<void> {
  const position = parsePosition('--to', args.to, Date.now())
  await using client = await connect(args)
  const partitions = await partitionsToReset(client, args)
  const before = new Map(
    (await client.admin.fetchOffsets(args.group, partitions)).map((at) => [
      `${at.topic}/${at.partition}`,
      at.offset,
    ]),
  )
  const after = await offsetsAt(client, partitions, position)
  const rows = after.map(({ topic, partition, offset }) => [
    topic,
    partition,
    before.get(`${topic}/${partition}`) ?? '-',
    offset,
  ])
  await writeOut(formatTable(['TOPIC', 'PARTITION', 'FROM', 'TO'], rows))
  if (args.execute) await client.admin.alterOffsets(args.group, after)
  else writeNote('Nothing was changed: add --execute to do it.\n')
}

async function existingGroup(client: Client, group: string): Promise<GroupDescription> {
  const description = await client.admin.describeGroup(group)
  if (description === null)
    throw new CommandError(`there is no group "${group}": millrace group list names them`)
  return description
}

/** What the group has committed, or all partitions of the topics that are named. */
async function partitionsToReset(client: Client, args: GroupResetArguments): Promise<TopicPartition[]> {
  const description = await client.admin.describeGroup(args.group)
  if (description !== null && description.members.length > 0) {
    const count = description.members.length
    throw new CommandError(`group "${args.group}" has ${count} running members: stop them, then reset it`)
  }
  if (args.topic !== undefined) {
    const topics = await Promise.all(args.topic.map((name) => client.admin.describeTopic(name)))
    return topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partition }) => ({ topic: name, partition })),
    )
  }
  const committed = await client.admin.fetchOffsets(args.group)
  if (committed.length > 0) return byPlace(committed).map(({ topic, partition }) => ({ topic, partition }))
  throw new CommandError(`group "${args.group}" has committed nothing yet: name what to reset with --topic`)
}

async function offsetsAt(
  client: Client,
  partitions: readonly TopicPartition[],
  position: Position,
): Promise<CommittedOffset[]> {
  const look = async (timestamp: number): Promise<number[]> =>
    (await client.admin.listOffsets(partitions.map((at) => ({ ...at, timestamp })))).map(
      ({ offset }) => offset,
    )
  const [begins, ends, timed] = await Promise.all([
    look(EARLIEST),
    look(LATEST),
    typeof position === 'object' ? look(position.time) : null,
  ])
  return partitions.map((at, i) => {
    const begin = begins[i] ?? 0
    const end = ends[i] ?? 0
    return { ...at, offset: resolve(position, begin, end, timed?.[i] ?? -1) }
  })
}

/** An offset outside of the log is moved to its nearest end: a group there would be reset by its consumers. */
function resolve(position: Position, begin: number, end: number, timed: number): number {
  if (position === 'beginning') return begin
  if (position === 'end') return end
  if (typeof position === 'object') return timed < 0 ? end : timed
  return Math.min(end, Math.max(begin, position < 0 ? end + position : position))
}

async function groupPartitions(
  client: Client,
  { members }: GroupDescription,
  committed: readonly CommittedOffset[],
): Promise<GroupPartition[]> {
  const places = new Map<
    string,
    { topic: string; partition: number; committed: number; memberId: string | null }
  >()
  for (const { topic, partition, offset } of committed) {
    places.set(`${topic}/${partition}`, { topic, partition, committed: offset, memberId: null })
  }
  for (const { memberId, assignment } of members) {
    for (const { topic, partition } of assignment) {
      const known = places.get(`${topic}/${partition}`)
      places.set(`${topic}/${partition}`, { topic, partition, committed: known?.committed ?? -1, memberId })
    }
  }
  const all = byPlace([...places.values()])
  const ends = await endsOf(client, all)
  return all.map((place, i) => ({ ...place, end: ends[i] ?? -1 }))
}

/** -1 for partitions of a topic that was deleted since. */
async function endsOf(client: Client, partitions: readonly TopicPartition[]): Promise<number[]> {
  const existing = new Set((await client.admin.listTopics({ includeInternal: true })).map(({ name }) => name))
  const known = partitions.filter(({ topic }) => existing.has(topic))
  const found = await client.admin.listOffsets(known.map((at) => ({ ...at, timestamp: LATEST })))
  const ends = new Map(found.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  return partitions.map(({ topic, partition }) => ends.get(`${topic}/${partition}`) ?? -1)
}

function asTable(description: GroupDescription, partitions: readonly GroupPartition[]): string {
  const rows = partitions.map(({ topic, partition, committed, end, memberId }) => [
    topic,
    partition,
    shown(committed),
    shown(end),
    shown(lagOf(committed, end)),
    memberId ?? '-',
  ])
  const { group, state, assignor, members } = description
  const total = partitions.reduce((sum, { committed, end }) => sum + Math.max(0, lagOf(committed, end)), 0)
  const protocol = assignor === '' ? '' : `, ${assignor}`
  return [
    `${group}: ${state}${protocol}, ${members.length} members, lag ${total}\n`,
    formatTable(['TOPIC', 'PARTITION', 'COMMITTED', 'END', 'LAG', 'MEMBER'], rows),
  ].join('')
}

function asJson(description: GroupDescription, partitions: readonly GroupPartition[]): string {
  const { group, state, assignor, members } = description
  const shownMembers = members.map(({ memberId, clientId, clientHost }) => ({
    memberId,
    clientId,
    clientHost,
  }))
  const shownPartitions = partitions.map((place) => ({ ...place, lag: lagOf(place.committed, place.end) }))
  return `${JSON.stringify({ group, state, assignor, members: shownMembers, partitions: shownPartitions })}\n`
}

function lagOf(committed: number, end: number): number {
  return committed < 0 || end < 0 ? -1 : end - committed
}

function shown(value: number): string {
  return value < 0 ? '-' : String(value)
}

function byPlace<T extends TopicPartition>(places: readonly T[]): T[] {
  return [...places].sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  )
}
