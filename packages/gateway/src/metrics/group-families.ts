import type { BrokerSnapshot } from '@millrace/broker'
import type { Client } from '@millrace/client'
import type { GatewayServices } from '../gateway-services.ts'
import type { MetricFamily, Sample } from './metric-family.ts'

/** One group as a scrape finds it. */
export interface GroupLook {
  readonly group: string
  readonly memberCount: number
  readonly committed: readonly {
    readonly topic: string
    readonly partition: number
    readonly offset: number
  }[]
}

/** Every group that was looked at, and how many were not. */
export interface GroupLooks {
  readonly groups: readonly GroupLook[]
  /** Above the limit, or gone or loading while they were asked for; NaN when there was not even a list. */
  readonly untoldCount: number
}

/**
 * Asks for every group, up to the limit, as a Kafka client would. A group that cannot be told (its partition of
 * `__consumer_offsets` is loading, it was deleted a moment ago) is counted and left out: the rest of /metrics is
 * needed most when something is wrong.
 */
export async function lookAtGroups(services: GatewayServices): Promise<GroupLooks> {
  const client = await services.client()
  const listed = await client.admin.listGroups().catch(() => null)
  if (listed === null) return { groups: [], untoldCount: Number.NaN }
  const names = listed.map(({ group }) => group).slice(0, services.settings.limits.maxGroupsInMetrics)
  const looks = await Promise.all(names.map((group) => lookAtGroup(client, group).catch(() => null)))
  const groups = looks.filter((look) => look !== null)
  return { groups, untoldCount: listed.length - groups.length }
}

async function lookAtGroup(client: Client, group: string): Promise<GroupLook> {
  const [description, committed] = await Promise.all([
    client.admin.describeGroup(group),
    client.admin.fetchOffsets(group),
  ])
  return { group, memberCount: description?.members.length ?? 0, committed }
}

/** What groups have committed and how much lies behind it, under the names of kafka_exporter. */
export function groupFamilies({ groups, untoldCount }: GroupLooks, snapshot: BrokerSnapshot): MetricFamily[] {
  const ends = new Map(
    snapshot.partitions.map(({ highWatermark, partition, topic }) => [
      `${topic}/${partition}`,
      highWatermark,
    ]),
  )
  const offsets: Sample[] = []
  const lags: Sample[] = []
  const lagSums: Sample[] = []
  for (const { committed, group } of groups) {
    const sums = new Map<string, number>()
    for (const { offset, partition, topic } of committed) {
      const labels = { consumergroup: group, topic, partition: String(partition) }
      offsets.push({ suffix: '', labels, value: offset })
      // Of a topic that was deleted nothing lies behind.
      const end = ends.get(`${topic}/${partition}`)
      if (end === undefined) continue
      const lag = Math.max(0, end - offset)
      lags.push({ suffix: '', labels, value: lag })
      sums.set(topic, (sums.get(topic) ?? 0) + lag)
    }
    for (const [topic, value] of sums) {
      lagSums.push({ suffix: '', labels: { consumergroup: group, topic }, value })
    }
  }
  const members = groups.map(({ group, memberCount }) => ({
    suffix: '' as const,
    labels: { consumergroup: group },
    value: memberCount,
  }))
  const gauge = (name: string, help: string, samples: readonly Sample[]): MetricFamily => ({
    name,
    kind: 'gauge',
    help,
    samples,
  })
  return [
    gauge('kafka_consumergroup_current_offset', 'What the group has committed', offsets),
    gauge('kafka_consumergroup_lag', 'Records of the partition behind what the group has committed', lags),
    gauge('kafka_consumergroup_lag_sum', 'The same over all partitions of the topic', lagSums),
    gauge('kafka_consumergroup_members', 'Members of the group', members),
    gauge('millrace_gateway_untold_groups', 'Groups that are left out here', [
      { suffix: '', labels: {}, value: untoldCount },
    ]),
  ]
}
