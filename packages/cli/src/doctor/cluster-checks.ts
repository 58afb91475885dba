import { type Admin, type BrokerVersions, type Client, LATEST, type TopicMetadata } from '@millrace/client'
import { nameOfRun } from '../terminal.ts'
import { broken, type Finding, good, warning } from './finding.ts'

/** Time in which a group that reads has to move, in ms. */
const GROUP_WATCH_MS = 2_000
/** Beyond it records would be filed under a wrong day. */
const MAX_SKEW_MS = 60_000

/** A client, as far as brokers are asked by it. */
export interface BrokersClient {
  readonly admin: Pick<Admin, 'describeCluster' | 'describeConfigs' | 'describeVersions'>
}

/** A client, as far as groups are asked by it. */
export interface GroupsClient {
  readonly admin: Pick<Admin, 'listGroups' | 'describeGroup' | 'fetchOffsets' | 'listOffsets'>
}

/** The brokers, by what they tell of each other. */
export async function checkBrokers(client: BrokersClient): Promise<Finding[]> {
  const { brokers, clusterId, controllerId } = await client.admin.describeCluster()
  const names = brokers.map(({ nodeId, host, port }) => `${nodeId} at ${host}:${port}`).join(', ')
  return [
    good('cluster', `${clusterId}, controller ${controllerId}`),
    good('brokers', names),
    ...(await Promise.all(brokers.map(({ nodeId }) => checkAdvertised(client, nodeId)))),
    ...(await checkVersions(
      client,
      brokers.map(({ nodeId }) => nodeId),
    )),
  ]
}

/** Asks a broker for its own configs, which goes to the address that it advertises. */
async function checkAdvertised(client: BrokersClient, nodeId: number): Promise<Finding> {
  const subject = `advertised address of broker ${nodeId}`
  try {
    await client.admin.describeConfigs({ kind: 'broker', name: String(nodeId) })
    return good(subject, 'reachable from here')
  } catch (error) {
    const seen = error instanceof Error ? error.message : String(error)
    return broken(
      subject,
      seen,
      'check advertised.listeners of that broker, and the network between here and it',
    )
  }
}

/** What the brokers speak: enough for this command, and all of them the same. */
async function checkVersions(client: BrokersClient, nodeIds: readonly number[]): Promise<Finding[]> {
  const told = await Promise.all(
    // A broker that is not reachable was named already.
    nodeIds.map(async (nodeId) => ({
      nodeId,
      versions: await client.admin.describeVersions(nodeId).catch(() => null),
    })),
  )
  return versionFindings(
    told.flatMap(({ nodeId, versions }) => (versions === null ? [] : [{ nodeId, ...versions }])),
  )
}

/** What this command cannot do without, in its oldest version that keeps headers and idempotence. */
const NEEDED: Readonly<Record<string, number>> = { Produce: 3, Fetch: 4, ListOffsets: 1, Metadata: 4 }

/** What is to be said of the versions that brokers take. */
export function versionFindings(
  brokers: readonly (BrokerVersions & { readonly nodeId: number })[],
): Finding[] {
  const [first] = brokers
  if (first === undefined) return []
  const findings: Finding[] = []
  for (const { nodeId, apis } of brokers) {
    const lacking = Object.entries(NEEDED).filter(([name, version]) => (apis.get(name)?.[1] ?? -1) < version)
    if (lacking.length === 0) continue
    const seen = lacking.map(([name, version]) => `${name} ends before version ${version}`).join(', ')
    findings.push(broken(`versions of broker ${nodeId}`, seen, 'it is older than Kafka 1.0: update it'))
  }
  const spoken = ({ apis }: BrokerVersions): string => JSON.stringify([...apis].sort())
  const others = brokers.filter((broker) => spoken(broker) !== spoken(first)).map(({ nodeId }) => nodeId)
  if (others.length > 0) {
    const seen = `broker ${others.join(', ')} differs from broker ${first.nodeId}`
    findings.push(warning('versions', seen, 'bring all brokers to the same release'))
  }
  if (findings.length > 0) return findings
  const features = [...first.features].map(([name, level]) => `${name} ${level}`).join(', ')
  const fetch = first.apis.get('Fetch')?.[1]
  return [
    good(
      'versions',
      `${first.apis.size} APIs, Fetch up to ${fetch}${features === '' ? '' : `, ${features}`}`,
    ),
  ]
}

/** Partitions that nobody leads, or that lack replicas. */
export function checkPartitions(topics: readonly TopicMetadata[]): Finding[] {
  const all = topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({ name, ...partition })),
  )
  const named = (those: readonly { name: string; partition: number }[]): string =>
    those
      .slice(0, 5)
      .map(({ name, partition }) => `${name}/${partition}`)
      .join(', ') + (those.length > 5 ? ', ...' : '')
  const offline = all.filter(({ leader }) => leader < 0)
  const lacking = all.filter(
    ({ leader, replicas, inSyncReplicas }) => leader >= 0 && inSyncReplicas.length < replicas.length,
  )
  const findings = [
    offline.length === 0
      ? good('partitions', `${all.length} of ${topics.length} topics, all with a leader`)
      : broken(
          'partitions',
          `${offline.length} offline: ${named(offline)}`,
          "see the broker's log for why; millrace log verify checks the files",
        ),
  ]
  if (lacking.length > 0) {
    findings.push(
      warning(
        'replicas',
        `${lacking.length} partitions lack some: ${named(lacking)}`,
        'start the brokers that are missing',
      ),
    )
  }
  return findings
}

/** Groups that have something to read and do not move, each with the reason as far as it can be seen. */
export async function checkGroups(
  client: GroupsClient,
  topics: readonly TopicMetadata[],
  pause: (ms: number) => Promise<void>,
): Promise<Finding[]> {
  const groups = await client.admin.listGroups()
  if (groups.length === 0) return [good('groups', 'none')]
  const before = await Promise.all(groups.map(({ group }) => groupState(client, group, topics)))
  await pause(GROUP_WATCH_MS)
  const after = await Promise.all(groups.map(({ group }) => groupState(client, group, topics)))
  const findings = groups.flatMap(({ group }, i) => standstill(group, before[i], after[i]))
  return findings.length > 0 ? findings : [good('groups', `${groups.length}, none stands still`)]
}

interface GroupState {
  readonly lag: number
  readonly committed: number
  readonly state: string
  readonly members: number
}

async function groupState(
  client: GroupsClient,
  group: string,
  topics: readonly TopicMetadata[],
): Promise<GroupState> {
  const [description, committed] = await Promise.all([
    client.admin.describeGroup(group),
    client.admin.fetchOffsets(group),
  ])
  const known = committed.filter(({ topic, partition }) =>
    topics.some(({ name, partitions }) => name === topic && partitions[partition] !== undefined),
  )
  const ends = await client.admin.listOffsets(
    known.map(({ topic, partition }) => ({ topic, partition, timestamp: LATEST })),
  )
  return {
    lag: ends.reduce((sum, { offset }, i) => sum + Math.max(0, offset - (known[i]?.offset ?? 0)), 0),
    committed: known.reduce((sum, { offset }) => sum + offset, 0),
    state: description?.state ?? 'Dead',
    members: description?.members.length ?? 0,
  }
}

function standstill(group: string, before?: GroupState, after?: GroupState): Finding[] {
  if (before === undefined || after === undefined || after.lag === 0 || after.committed > before.committed)
    return []
  const subject = `group ${group}`
  if (after.members === 0) {
    return [
      warning(
        subject,
        `${after.lag} records behind, and it has no members`,
        'start its consumers, or delete the group',
      ),
    ]
  }
  if (after.state !== 'Stable') {
    return [
      warning(
        subject,
        `${after.lag} records behind, and ${after.state}`,
        'look for a member that joins and leaves again and again',
      ),
    ]
  }
  const seen = `${after.lag} records behind, and nothing was committed for ${GROUP_WATCH_MS / 1000} s by its ${after.members} members`
  return [warning(subject, seen, 'look whether a handler hangs, or whether commits fail')]
}

/** The broker's clock against ours, by a record that the broker stamps. The topic is made for it, and deleted. */
export async function checkClock(client: Client): Promise<Finding> {
  const name = `millrace-doctor-${nameOfRun()}`
  try {
    await client.admin.createTopics([{ name, configs: { 'message.timestamp.type': 'LogAppendTime' } }])
    const startMs = Date.now()
    const { timestampMs } = await client.producer().send(name, { value: 'what time is it' })
    const endMs = Date.now()
    return clockFinding({ startMs, timestampMs, endMs })
  } finally {
    await client.admin.deleteTopics([name]).catch(() => {})
  }
}

/** What is to be said of a record that was sent and acknowledged at these times of ours, and stamped at that of the broker. */
export function clockFinding({
  startMs,
  timestampMs,
  endMs,
}: {
  readonly startMs: number
  readonly timestampMs: number
  readonly endMs: number
}): Finding {
  const skewMs = timestampMs < startMs ? timestampMs - startMs : Math.max(0, timestampMs - endMs)
  const seen = `the broker is ${skewMs === 0 ? 'at our time' : `${Math.abs(skewMs)} ms ${skewMs > 0 ? 'ahead' : 'behind'}`}, a write took ${endMs - startMs} ms`
  if (Math.abs(skewMs) <= MAX_SKEW_MS) return good('clock', seen)
  return warning('clock', seen, 'set both clocks by NTP: time look-ups and retention go by them')
}
