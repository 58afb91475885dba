import {
  askLocalBroker,
  type BrokerSnapshot,
  explainGroup,
  type GroupExplanation,
  type GroupFacts,
  NoLocalBrokerError,
} from '@millrace/broker'
import type { Client, GroupDescription } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import type { GroupDescribeArguments } from '../commands/group.ts'
import { connect } from '../connection/connect.ts'
import { note, show } from '../output/show.ts'
import { existingGroup, groupPlaces } from './group-places.ts'

const DEFAULT_DATA_DIR = './data'

/** `group describe --why`: what the broker on this machine knows, or what Kafka's APIs tell. */
export async function explain(args: GroupDescribeArguments): Promise<void> {
  const { facts, findings } = (await fromLocalBroker(args)) ?? (await fromApis(args))
  const heading = args.quiet ? '' : `${facts.group}: ${facts.state}\n`
  await show(args, {
    value: { group: facts.group, state: facts.state, findings, facts },
    asText: () => `${heading}${findings.map(({ text }) => `- ${text}\n`).join('')}`,
  })
}

/**
 * The broker that holds the data directory, when it is the one that is meant: with --data it is, without it is when the
 * cluster that answers has its cluster id.
 */
async function fromLocalBroker(args: GroupDescribeArguments): Promise<GroupExplanation | null> {
  const dataDir = args.data ?? DEFAULT_DATA_DIR
  try {
    if (args.data === undefined && !(await isSameCluster(args, dataDir))) return null
  } catch (error) {
    if (error instanceof NoLocalBrokerError) return null
    throw error
  }
  const answer = (await askLocalBroker(dataDir, 'group', args.group)) as GroupExplanation | null
  if (answer === null)
    throw new CommandError(`there is no group "${args.group}": millrace group list names them`)
  return answer
}

async function isSameCluster(args: GroupDescribeArguments, dataDir: string): Promise<boolean> {
  const { clusterId } = (await askLocalBroker(dataDir, 'snapshot')) as BrokerSnapshot
  await using client = await connect(args)
  return (await client.admin.describeCluster()).clusterId === clusterId
}

async function fromApis(args: GroupDescribeArguments): Promise<GroupExplanation> {
  await using client = await connect(args)
  const description = await existingGroup(client, args.group)
  const facts = await readFacts(client, description)
  note(args, "This is what Kafka's APIs tell; on the broker's machine --data tells more.\n")
  return { facts, findings: explainGroup(facts) }
}

async function readFacts(client: Client, description: GroupDescription): Promise<GroupFacts> {
  const { group, members, protocol, state } = description
  const [places, topics] = await Promise.all([groupPlaces(client, description), client.admin.listTopics()])
  const sizes = new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
  const subscribed = [...new Set(members.flatMap((member) => member.topics))]
  return {
    group,
    protocol,
    state,
    stateAgeMs: null,
    members: members.map(({ assignment, clientHost, clientId, instanceId, memberId }) => ({
      memberId,
      instanceId,
      clientId,
      clientHost,
      assignedCount: assignment.length,
      silentMs: null,
    })),
    holders: null,
    refusedInstances: [],
    missingTopics: subscribed.filter((topic) => !sizes.has(topic)),
    unmatchedPatterns: [],
    subscribedPartitionCount: subscribed.reduce((sum, topic) => sum + (sizes.get(topic) ?? 0), 0),
    partitions: places.map(({ begin, committed, end, lagMs, memberId, partition, topic }) => ({
      topic,
      partition,
      committed,
      commitAgeMs: null,
      owner: memberId,
      log: end < 0 ? null : { begin, end, oldestUnreadAgeMs: lagMs },
      failure: null,
    })),
  }
}
