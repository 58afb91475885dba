import type { GroupDescription } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import type {
  GroupDeleteArguments,
  GroupDescribeArguments,
  GroupListArguments,
  GroupOffsetsArguments,
} from '../commands/group.ts'
import type { OutputArguments } from '../commands/output-option.ts'
import { connect } from '../connection/connect.ts'
import { note, show, table } from '../output/show.ts'
import { formatDuration } from '../output/units.ts'
import { writeOut } from '../terminal.ts'
import {
  byPlace,
  committedBy,
  countedMembers,
  existingGroup,
  type GroupPlace,
  groupPlaces,
  lagOf,
} from './group-places.ts'
import { formatOffsetsCsv } from './offsets-csv.ts'

const DRY_RUN_NOTE = 'Nothing was deleted: add --execute to do it.\n'

export async function listGroups(args: GroupListArguments): Promise<void> {
  await using client = await connect(args)
  const groups = await client.admin.listGroups()
  const rows = groups.map(({ group, state, type, protocolType }) => [group, state, type || protocolType])
  await show(args, { value: groups, asText: () => table(args, ['GROUP', 'STATE', 'TYPE'], rows) })
}

export async function describeGroup(args: GroupDescribeArguments): Promise<void> {
  if (args.why) {
    const { explain } = await import('./run-why.ts')
    await explain(args)
    return
  }
  await using client = await connect(args)
  const description = await existingGroup(client, args.group)
  const places = await groupPlaces(client, description)
  await show(args, {
    value: asObject(description, places),
    asText: () => `${args.quiet ? '' : heading(description, places)}${placesTable(args, places)}`,
  })
}

export async function showMembers(args: GroupDescribeArguments): Promise<void> {
  await using client = await connect(args)
  const { members } = await existingGroup(client, args.group)
  const rows = members.map(({ assignment, clientHost, clientId, instanceId, memberId }) => [
    memberId,
    instanceId ?? '-',
    clientId === '' ? '-' : clientId,
    clientHost.replace(/^\//, ''),
    assignment.length,
    shownAssignment(assignment),
  ])
  const head = ['MEMBER', 'INSTANCE', 'CLIENT', 'HOST', 'PARTITIONS', 'WHICH']
  await show(args, { value: members, asText: () => table(args, head, rows) })
}

export async function showOffsets({ output, ...args }: GroupOffsetsArguments): Promise<void> {
  await using client = await connect(args)
  const places = await groupPlaces(client, await existingGroup(client, args.group))
  const committed = places.filter((place) => place.committed >= 0)
  if (output === 'csv') {
    await writeOut(formatOffsetsCsv(committed.map((place) => ({ ...place, offset: place.committed }))))
  } else {
    await show({ output }, { value: committed.map(withLag), asText: () => placesTable(args, committed) })
  }
}

/** A group, or what it has committed of some topics. Shows what would go, until --execute. */
export async function deleteGroup(args: GroupDeleteArguments): Promise<void> {
  const { execute, group, topic } = args
  await using client = await connect(args)
  const { members } = await existingGroup(client, group)
  if (topic === undefined && members.length > 0) {
    throw new CommandError(
      `group "${group}" has ${countedMembers(members.length, 'running ')}: stop its consumers, then delete it`,
    )
  }
  const committed = byPlace([...(await committedBy(client, group)).values()])
  const going = topic === undefined ? committed : committed.filter((at) => topic.includes(at.topic))
  if (topic !== undefined && going.length === 0) {
    throw new CommandError(`group "${group}" has committed nothing of ${topic.join(', ')}`)
  }
  const rows = going.map(({ offset, partition, topic: name }) => [name, partition, offset])
  await show(args, {
    value: going,
    asText: () => table(args, ['TOPIC', 'PARTITION', 'COMMITTED'], rows),
  })
  if (!execute) note(args, DRY_RUN_NOTE)
  else if (topic === undefined) await client.admin.deleteGroup(group)
  else await client.admin.deleteOffsets(group, going)
}

/** What holds for the group as a whole. */
function heading(description: GroupDescription, places: readonly GroupPlace[]): string {
  const { group, state, assignor, members } = description
  const total = places.reduce((sum, place) => sum + Math.max(0, lagOf(place)), 0)
  const oldestMs = places.reduce<number>((oldest, { lagMs }) => Math.max(oldest, lagMs ?? 0), 0)
  const protocol = assignor === '' ? '' : `, ${assignor}`
  const age = oldestMs > 0 ? `, ${formatDuration(oldestMs)} behind` : ''
  return `${group}: ${state}${protocol}, ${countedMembers(members.length)}, lag ${total}${age}\n`
}

function placesTable(args: Pick<OutputArguments, 'quiet'>, places: readonly GroupPlace[]): string {
  const rows = places.map((place) => [
    place.topic,
    place.partition,
    shown(place.committed),
    shown(place.end),
    shown(lagOf(place)),
    place.lagMs === null ? '-' : formatDuration(place.lagMs),
    place.memberId ?? '-',
  ])
  return table(args, ['TOPIC', 'PARTITION', 'COMMITTED', 'END', 'LAG', 'BEHIND', 'MEMBER'], rows)
}

function asObject(description: GroupDescription, places: readonly GroupPlace[]): object {
  const { group, state, assignor, members } = description
  const shownMembers = members.map(({ memberId, clientId, clientHost }) => ({
    memberId,
    clientId,
    clientHost,
  }))
  const lagMs = places.reduce<number>((oldest, place) => Math.max(oldest, place.lagMs ?? 0), 0)
  return { group, state, assignor, lagMs, members: shownMembers, partitions: places.map(withLag) }
}

function withLag(place: GroupPlace): GroupPlace & { readonly lag: number } {
  return { ...place, lag: lagOf(place) }
}

/** `orders 0 1 2, payments 0` */
function shownAssignment(assignment: readonly { topic: string; partition: number }[]): string {
  const byTopic = Map.groupBy(assignment, ({ topic }) => topic)
  const parts = [...byTopic].map(
    ([topic, places]) => `${topic} ${places.map(({ partition }) => partition).join(' ')}`,
  )
  return parts.length === 0 ? '-' : parts.join(', ')
}

function shown(value: number): string {
  return value < 0 ? '-' : String(value)
}
