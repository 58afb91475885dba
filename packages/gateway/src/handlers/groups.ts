import type { Client, CommittedOffset, GroupDescription } from '@millrace/client'
import { readJsonBody } from '../http/body.ts'
import { HttpError } from '../http/http-error.ts'
import { JsonFields } from '../http/json-fields.ts'
import { type OffsetTarget, readOffsetTarget, resolveOffsets } from '../records/offset-target.ts'
import type { Handler } from './handler.ts'

const RESET_FIELDS = ['topics', 'partitions', 'to', 'dryRun']

/** GET /v1/groups */
export const handleListGroups: Handler = async (services, exchange) => {
  const client = await services.client()
  const groups = await client.admin.listGroups()
  exchange.json(200, {
    groups: groups.map(({ group, protocolType, state, type }) => ({ group, protocolType, state, type })),
  })
}

/** GET /v1/groups/{group} */
export const handleDescribeGroup: Handler = async (services, exchange) => {
  const client = await services.client()
  const { assignor, group, members, protocolType, state } = await existingGroup(
    client,
    exchange.param('group'),
  )
  exchange.json(200, {
    group,
    state,
    protocolType,
    assignor,
    members: members.map(({ assignment, clientHost, clientId, instanceId, memberId, topics }) => ({
      memberId,
      instanceId,
      clientId,
      clientHost,
      topics,
      assignment: assignment.map(({ partition, topic }) => ({ topic, partition })),
    })),
  })
}

/** DELETE /v1/groups/{group}: a group without members, with its offsets. */
export const handleDeleteGroup: Handler = async (services, exchange) => {
  const client = await services.client()
  await client.admin.deleteGroup(exchange.param('group'))
  exchange.empty(204)
}

/** GET /v1/groups/{group}/lag: what the group has committed, and how much lies behind that. */
export const handleGroupLag: Handler = async (services, exchange) => {
  const client = await services.client()
  const group = exchange.param('group')
  const [{ state }, committed] = await Promise.all([
    existingGroup(client, group),
    client.admin.fetchOffsets(group),
  ])
  const ends = await endsOf(client, committed)
  const partitions = committed.map(({ topic, partition, offset }, index) => {
    const end = ends[index] ?? null
    return {
      topic,
      partition,
      committed: offset,
      nextOffset: end,
      lag: end === null ? null : Math.max(0, end - offset),
    }
  })
  const totalLag = partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0)
  exchange.json(200, { group, state, totalLag, partitions: partitions.sort(byPlace) })
}

/** POST /v1/groups/{group}/reset: moves what a group without members has committed. */
export const handleResetGroup: Handler = async (services, exchange) => {
  const body = await readJsonBody(exchange.request, services.settings)
  const fields = new JsonFields('the reset', body, RESET_FIELDS)
  const target: OffsetTarget = readOffsetTarget('to', fields.value('to'))
  const isDryRun = fields.flag('dryRun')
  const names = fields.texts('topics')
  const indexes = fields.integers('partitions')
  const group = exchange.param('group')
  const client = await services.client()
  const before = await client.admin.fetchOffsets(group)
  const all = names === undefined ? before : await partitionsOf(client, names)
  const places = all
    .filter(({ partition }) => indexes === undefined || indexes.includes(partition))
    .map(({ topic, partition }) => ({ topic, partition }))
  if (places.length === 0) {
    const message = `group "${group}" has committed nothing there: name what to reset with topics`
    throw new HttpError(409, 'NOTHING_TO_RESET', message)
  }
  const after = await resolveOffsets(client, places, target)
  if (!isDryRun) await client.admin.alterOffsets(group, after)
  const known = new Map(before.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  const offsets = after.map(({ topic, partition, offset }) => ({
    topic,
    partition,
    from: known.get(`${topic}/${partition}`) ?? null,
    to: offset,
  }))
  exchange.json(200, { group, dryRun: isDryRun, offsets: offsets.sort(byPlace) })
}

async function existingGroup(client: Client, group: string): Promise<GroupDescription> {
  const description = await client.admin.describeGroup(group)
  if (description !== null) return description
  throw new HttpError(404, 'GROUP_ID_NOT_FOUND', `there is no group "${group}"`)
}

async function partitionsOf(
  client: Client,
  names: readonly string[],
): Promise<{ readonly topic: string; readonly partition: number }[]> {
  const topics = await Promise.all([...new Set(names)].map((name) => client.admin.describeTopic(name)))
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partition }) => ({ topic: name, partition })),
  )
}

/** The ends of the partitions; null for those of a topic that was deleted since. */
async function endsOf(client: Client, committed: readonly CommittedOffset[]): Promise<(number | null)[]> {
  const topics = await client.admin.listTopics({ includeInternal: true })
  const existing = new Set(topics.map(({ name }) => name))
  const known = committed.filter(({ topic }) => existing.has(topic))
  const found = await client.admin.listOffsets(
    known.map(({ topic, partition }) => ({ topic, partition, timestamp: -1 })),
  )
  const ends = new Map(found.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  return committed.map(({ topic, partition }) => ends.get(`${topic}/${partition}`) ?? null)
}

interface Place {
  readonly topic: string
  readonly partition: number
}

function byPlace(a: Place, b: Place): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1
}
