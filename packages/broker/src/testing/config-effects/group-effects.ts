import {
  type ConsumerGroupHeartbeatRequestInput,
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  consumerProtocolSubscription,
  describeConfigs,
  incrementalAlterConfigs,
  joinGroup,
  metadata,
  offsetCommit,
  offsetFetch,
} from '@millrace/protocol'
import { TestBroker } from '../test-broker.ts'
import type { ConfigEffect } from './effect.ts'

type Settings = Readonly<Record<string, string>>

const TOPIC = 2
const GROUP = 32
const MINUTE_MS = 60_000

/** Starts a broker with a topic `t` of two partitions, and looks at a group of it. */
function on<T>(
  look: (broker: TestBroker) => Promise<T>,
  { beside = {}, nodes = 1 }: { beside?: Settings; nodes?: number } = {},
): (settings: Settings) => Promise<T> {
  return async (settings) => {
    await using broker = await TestBroker.start({ nodes, config: { ...beside, ...settings } })
    await broker.createTopic('t', 2)
    return await look(broker)
  }
}

const subscription = consumerProtocolSubscription.encode(1, {
  topics: ['t'],
  userData: null,
  ownedPartitions: [],
})

function join(broker: TestBroker) {
  return broker.settle(
    broker.connect().request(joinGroup, 3, {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 1000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription }],
    }),
  )
}

/** A KIP-848 member's first heartbeat. */
function beat(broker: TestBroker, said: Partial<ConsumerGroupHeartbeatRequestInput> = {}) {
  return broker.settle(
    broker.connect().request(consumerGroupHeartbeat, 1, {
      groupId: 'g',
      memberId: 'm',
      memberEpoch: 0,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: MINUTE_MS,
      subscribedTopicNames: ['t'],
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: [],
      ...said,
    }),
  )
}

async function commit(broker: TestBroker): Promise<number | undefined> {
  const partition = { partitionIndex: 0, committedOffset: 7, committedMetadata: 'note' }
  const { topics } = await broker.settle(
    broker.connect().request(offsetCommit, 5, {
      groupId: 'g',
      memberId: '',
      generationIdOrMemberEpoch: -1,
      topics: [{ name: 't', partitions: [partition] }],
    }),
  )
  return topics[0]?.partitions[0]?.errorCode
}

/** What is left of a commit so much later. */
async function committedAfter(broker: TestBroker, waitMs: number): Promise<number | undefined> {
  await commit(broker)
  await broker.clock.advance(waitMs)
  const topics = [{ name: 't', partitionIndexes: [0] }]
  const answer = await broker.settle(broker.connect().request(offsetFetch, 5, { groupId: 'g', topics }))
  return answer.topics[0]?.partitions[0]?.committedOffset
}

async function offsetsTopic(broker: TestBroker) {
  await commit(broker)
  const topics = [{ name: '__consumer_offsets' }]
  const answer = await broker.settle(broker.connect().request(metadata, 9, { topics }))
  return answer.topics[0]?.partitions ?? []
}

/** Whether the group may have this for itself. */
async function maySet(broker: TestBroker, name: string, value: string): Promise<boolean> {
  const resources = [
    { resourceType: GROUP, resourceName: 'g', configs: [{ name, configOperation: 0, value }] },
  ]
  const asked = broker.connect().request(incrementalAlterConfigs, 1, { resources, validateOnly: false })
  return (await broker.settle(asked)).responses[0]?.errorCode === 0
}

async function membersAfter(broker: TestBroker, waitMs: number): Promise<number | undefined> {
  await beat(broker)
  await broker.clock.advance(waitMs)
  const asked = broker
    .connect()
    .request(consumerGroupDescribe, 1, { groupIds: ['g'], includeAuthorizedOperations: false })
  return (await broker.settle(asked)).groups[0]?.members.length
}

/** Gives the group a configuration of its own, when there is one, and looks. */
function withOwn<T>(look: (broker: TestBroker) => Promise<T>): (settings: Settings) => Promise<T> {
  return (settings) =>
    on(async (broker) => {
      for (const [name, value] of Object.entries(settings)) await maySet(broker, name, value)
      return await look(broker)
    })({})
}

const INVALID_SESSION_TIMEOUT = 26
const GROUP_MAX_SIZE_REACHED = 81
const OFFSET_METADATA_TOO_LARGE = 12
const UNSUPPORTED_ASSIGNOR = 112
const GROUP_ID_NOT_FOUND = 69

/** Of every broker configuration that is about groups. */
export const GROUP_EFFECTS: Readonly<Record<string, ConfigEffect>> = {
  'offsets.topic.num.partitions': {
    value: '5',
    observe: on(async (broker) => (await offsetsTopic(broker)).length),
    withIt: 5,
    without: 50,
  },
  'offsets.topic.replication.factor': {
    value: '2',
    observe: on(async (broker) => (await offsetsTopic(broker))[0]?.replicaNodes.length, { nodes: 2 }),
    withIt: 2,
    without: 1,
  },
  'offsets.topic.segment.bytes': {
    value: '2048',
    observe: on(async (broker) => {
      await commit(broker)
      const resources = [
        { resourceType: TOPIC, resourceName: '__consumer_offsets', configurationKeys: ['segment.bytes'] },
      ]
      const { results } = await broker.settle(broker.connect().request(describeConfigs, 4, { resources }))
      return results[0]?.configs[0]?.value
    }),
    withIt: '2048',
    without: '104857600',
  },
  'offsets.retention.minutes': {
    value: '1',
    observe: on((broker) => committedAfter(broker, 30 * MINUTE_MS)),
    withIt: -1,
    without: 7,
  },
  'offsets.retention.check.interval.ms': {
    value: '1000',
    observe: on((broker) => committedAfter(broker, 2 * MINUTE_MS), {
      beside: { 'offsets.retention.minutes': '1' },
    }),
    withIt: -1,
    without: 7,
  },
  'offset.metadata.max.bytes': {
    value: '3',
    observe: on(commit),
    withIt: OFFSET_METADATA_TOO_LARGE,
    without: 0,
  },
  'group.initial.rebalance.delay.ms': {
    value: '2000',
    observe: on(async (broker) => {
      const startedMs = broker.clock.monotonicMs()
      await join(broker)
      return broker.clock.monotonicMs() - startedMs >= 1000
    }),
    withIt: true,
    without: false,
  },
  'group.min.session.timeout.ms': {
    value: '20000',
    observe: on(async (broker) => (await join(broker)).errorCode),
    withIt: INVALID_SESSION_TIMEOUT,
    without: 0,
  },
  'group.max.session.timeout.ms': {
    value: '8000',
    observe: on(async (broker) => (await join(broker)).errorCode),
    withIt: INVALID_SESSION_TIMEOUT,
    without: 0,
  },
  'group.max.size': {
    value: '1',
    observe: on(async (broker) => {
      await join(broker)
      return (await join(broker)).errorCode
    }),
    withIt: GROUP_MAX_SIZE_REACHED,
    without: 0,
  },
  'group.consumer.max.size': {
    value: '1',
    observe: on(async (broker) => {
      await beat(broker)
      return (await beat(broker, { memberId: 'other' })).errorCode
    }),
    withIt: GROUP_MAX_SIZE_REACHED,
    without: 0,
  },
  'group.consumer.session.timeout.ms': {
    value: '50000',
    observe: on((broker) => membersAfter(broker, 47_000)),
    withIt: 1,
    without: 0,
  },
  'group.consumer.min.session.timeout.ms': {
    value: '40000',
    observe: on((broker) => maySet(broker, 'consumer.session.timeout.ms', '42000')),
    withIt: true,
    without: false,
  },
  'group.consumer.max.session.timeout.ms': {
    value: '50000',
    observe: on((broker) => maySet(broker, 'consumer.session.timeout.ms', '55000')),
    withIt: false,
    without: true,
  },
  'group.consumer.heartbeat.interval.ms': {
    value: '6000',
    observe: on(async (broker) => (await beat(broker)).heartbeatIntervalMs),
    withIt: 6000,
    without: 5000,
  },
  'group.consumer.min.heartbeat.interval.ms': {
    value: '4000',
    observe: on((broker) => maySet(broker, 'consumer.heartbeat.interval.ms', '4500')),
    withIt: true,
    without: false,
  },
  'group.consumer.max.heartbeat.interval.ms': {
    value: '10000',
    observe: on((broker) => maySet(broker, 'consumer.heartbeat.interval.ms', '12000')),
    withIt: false,
    without: true,
  },
  'group.consumer.assignors': {
    value: 'range',
    observe: on(async (broker) => (await beat(broker, { serverAssignor: 'uniform' })).errorCode),
    withIt: UNSUPPORTED_ASSIGNOR,
    without: 0,
  },
  'group.consumer.migration.policy': {
    value: 'disabled',
    observe: on(async (broker) => {
      await join(broker)
      return (await beat(broker)).errorCode
    }),
    withIt: GROUP_ID_NOT_FOUND,
    without: 0,
  },
}

/** Of every configuration of a single group that works. */
export const SINGLE_GROUP_EFFECTS: Readonly<Record<string, ConfigEffect>> = {
  'consumer.session.timeout.ms': {
    value: '50000',
    observe: withOwn((broker) => membersAfter(broker, 47_000)),
    withIt: 1,
    without: 0,
  },
  'consumer.heartbeat.interval.ms': {
    value: '6000',
    observe: withOwn(async (broker) => (await beat(broker)).heartbeatIntervalMs),
    withIt: 6000,
    without: 5000,
  },
}
