import type { Client, CommittedOffset, GroupDescription, TopicPartition } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import type { GroupResetArguments } from '../commands/group.ts'
import { connect } from '../connection/connect.ts'
import { note, show, table } from '../output/show.ts'
import { type Position, parsePosition } from '../position.ts'
import { writeOut } from '../terminal.ts'
import { byPlace, committedBy, countedMembers, placeKey, rangesOf } from './group-places.ts'
import { formatOffsetsCsv, readOffsetsCsv } from './offsets-csv.ts'

/** Members that were sent away come back within a heartbeat: the offsets have to be set before one does. */
const ATTEMPTS_WHILE_RUNNING = 20
const DRY_RUN_NOTE = 'Nothing was changed: add --execute to do it.\n'

/** What is to become of each partition. */
type Target =
  | { readonly kind: 'position'; readonly position: Position }
  | { readonly kind: 'by'; readonly count: number }
  | { readonly kind: 'given'; readonly offsets: readonly CommittedOffset[] }

export async function resetGroup(args: GroupResetArguments): Promise<void> {
  await using client = await connect(args)
  const target = await readTarget(client, args)
  const description = await client.admin.describeGroup(args.group)
  if (!args['while-running']) refuseMembers(args.group, description)
  const before = await committedBy(client, args.group)
  const partitions = await partitionsToReset(client, args, { target, before })
  const after = await offsetsFor(client, partitions, { target, before })
  const { output } = args
  if (output === 'csv') {
    await writeOut(formatOffsetsCsv(after))
  } else {
    const moves = after.map((at) => ({
      topic: at.topic,
      partition: at.partition,
      from: before.get(placeKey(at))?.offset ?? null,
      to: at.offset,
    }))
    const rows = moves.map(({ from, partition, to, topic }) => [topic, partition, from ?? '-', to])
    const head = ['TOPIC', 'PARTITION', 'FROM', 'TO']
    await show({ output }, { value: moves, asText: () => table(args, head, rows) })
  }
  if (!args.execute) note(args, DRY_RUN_NOTE)
  else if (args['while-running']) await resetWhileRunning(client, args.group, after)
  else await client.admin.alterOffsets(args.group, after)
}

async function readTarget(client: Client, args: GroupResetArguments): Promise<Target> {
  const { by, 'from-file': fromFile, 'from-group': fromGroup, to } = args
  const given = [to, by, fromGroup, fromFile].filter((option) => option !== undefined)
  if (given.length !== 1) {
    throw new CommandError('say where to, with one of --to, --by, --from-group and --from-file')
  }
  if (to !== undefined) return { kind: 'position', position: parsePosition('--to', to, Date.now()) }
  if (by !== undefined) {
    if (!/^[+-]?\d+$/.test(by)) throw new CommandError(`--by ${by}: expected a number of records, -100 say`)
    return { kind: 'by', count: Number(by) }
  }
  if (fromFile !== undefined) return { kind: 'given', offsets: readOffsetsCsv(fromFile, args.group) }
  const offsets = [...(await committedBy(client, fromGroup ?? '')).values()]
  if (offsets.length === 0) throw new CommandError(`group "${fromGroup}" has committed nothing`)
  return { kind: 'given', offsets }
}

function refuseMembers(group: string, description: GroupDescription | null): void {
  const count = description?.members.length ?? 0
  if (count === 0) return
  throw new CommandError(
    `group "${group}" has ${countedMembers(count, 'running ')}: stop its consumers, or add --while-running`,
  )
}

/** Those that are named, or all that the target or the group has. */
async function partitionsToReset(
  client: Client,
  { group, topic: wanted }: GroupResetArguments,
  { before, target }: { target: Target; before: ReadonlyMap<string, CommittedOffset> },
): Promise<TopicPartition[]> {
  if (target.kind === 'given') {
    const all = byPlace(target.offsets)
    return wanted === undefined ? all : chosen(all, wanted, 'nothing says where to')
  }
  if (wanted !== undefined) {
    const named = await Promise.all(
      [...new Set(wanted.map(topicOf))].map((name) => client.admin.describeTopic(name)),
    )
    const all = named.flatMap(({ name, partitions }) =>
      partitions.map(({ partition }) => ({ topic: name, partition })),
    )
    return chosen(all, wanted, 'there is no such partition')
  }
  if (before.size > 0) return byPlace([...before.values()])
  throw new CommandError(`group "${group}" has committed nothing yet: name what to reset with --topic`)
}

/** Those that the filters name. Whoever names one that is not there has mistyped it. */
function chosen<Place extends TopicPartition>(
  all: readonly Place[],
  filters: readonly string[],
  whyNot: string,
): Place[] {
  const missing = filters.flatMap(partsOf).find((part) => !all.some((at) => matches(part, at)))
  if (missing !== undefined) throw new CommandError(`--topic ${missing}: ${whyNot}`)
  return all.filter((at) => filters.some((filter) => matches(filter, at)))
}

/** `orders:0,3` is `orders:0` and `orders:3`. */
function partsOf(filter: string): string[] {
  const [name, list] = filter.split(':')
  return list === undefined ? [filter] : list.split(',').map((partition) => `${name}:${partition}`)
}

/** TOPIC or TOPIC:0,3 as Kafka's tool has it; no topic's name holds a colon. */
function topicOf(filter: string): string {
  return filter.split(':', 1)[0] ?? ''
}

function matches(filter: string, { partition, topic }: TopicPartition): boolean {
  const [name, list] = filter.split(':')
  if (list !== undefined && !/^\d+(,\d+)*$/.test(list))
    throw new CommandError(`--topic ${filter}: expected TOPIC or TOPIC:PARTITION,PARTITION`)
  return name === topic && (list === undefined || list.split(',').map(Number).includes(partition))
}

async function offsetsFor(
  client: Client,
  partitions: readonly TopicPartition[],
  { before, target }: { target: Target; before: ReadonlyMap<string, CommittedOffset> },
): Promise<CommittedOffset[]> {
  const { begins, ends } = await rangesOf(client, partitions)
  const gone = partitions.find((at) => !ends.has(placeKey(at)))
  if (gone !== undefined) throw new CommandError(`there is no partition ${placeKey(gone)}`)
  const timed = await timedOffsets(client, partitions, target)
  const given = new Map(target.kind === 'given' ? target.offsets.map((at) => [placeKey(at), at.offset]) : [])
  const wanted = (key: string, begin: number, end: number): number => {
    switch (target.kind) {
      case 'given':
        return given.get(key) ?? end
      case 'by':
        return (before.get(key)?.offset ?? begin) + target.count
      case 'position':
        return resolve(target.position, { begin, end, timed: timed.get(key) })
    }
  }
  return partitions.map((at) => {
    const key = placeKey(at)
    const [begin = 0, end = 0] = [begins.get(key), ends.get(key)]
    // An offset outside of the log is moved to its nearest end: a group there would be reset by its consumers.
    const offset = Math.min(end, Math.max(begin, wanted(key, begin, end)))
    return { topic: at.topic, partition: at.partition, offset }
  })
}

/** Where a time begins in each partition; nothing for other targets, and -1 where all records are older. */
async function timedOffsets(
  client: Client,
  partitions: readonly TopicPartition[],
  target: Target,
): Promise<ReadonlyMap<string, number>> {
  if (target.kind !== 'position' || typeof target.position !== 'object') return new Map()
  const timestamp = target.position.time
  const found = await client.admin.listOffsets(
    partitions.map(({ partition, topic }) => ({ topic, partition, timestamp })),
  )
  return new Map(found.map((at) => [placeKey(at), at.offset]))
}

function resolve(
  position: Position,
  { begin, end, timed = -1 }: { begin: number; end: number; timed: number | undefined },
): number {
  if (position === 'beginning') return begin
  if (position === 'end') return end
  if (typeof position === 'object') return timed < 0 ? end : timed
  return position < 0 ? end + position : position
}

/**
 * Takes the members out, sets the offsets while nobody is there, and lets them come back by themselves: each finds out
 * by its next heartbeat, joins again and goes on from the new offsets. What it had read and not committed is read again.
 */
async function resetWhileRunning(
  client: Client,
  group: string,
  offsets: readonly CommittedOffset[],
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const description = await client.admin.describeGroup(group)
    if (description !== null && description.members.length > 0) {
      await client.admin.removeMembers(group, description.members)
    }
    try {
      await client.admin.alterOffsets(group, offsets)
      return
    } catch (error) {
      // One of them was quicker.
      if (attempt === ATTEMPTS_WHILE_RUNNING) throw error
    }
  }
}
