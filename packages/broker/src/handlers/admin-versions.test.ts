import {
  type Api,
  alterClientQuotas,
  alterConfigs,
  alterPartitionReassignments,
  createPartitions,
  createTopics,
  deleteRecords,
  deleteTopics,
  describeClientQuotas,
  describeCluster,
  describeConfigs,
  describeLogDirs,
  describeProducers,
  describeTopicPartitions,
  ErrorCode,
  electLeaders,
  incrementalAlterConfigs,
  listConfigResources,
  listPartitionReassignments,
  offsetDelete,
  ZERO_UUID,
} from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { ROUTES } from '../routes.ts'
import { numbered, TestBroker } from '../testing/test-broker.ts'

const TOPIC = 2
const topicResource = { resourceType: TOPIC, resourceName: 't' }
const asked = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
const quota = {
  entity: [{ entityType: 'client-id', entityName: 'c' }],
  ops: [{ key: 'producer_byte_rate', value: 1000, remove: false }],
}

type Ask = (broker: TestBroker, version: number) => Promise<unknown>

/** One request that any version can carry, and what of its answer says that all went well. */
function row<Q, P, QI>(
  api: Api<Q, P, QI>,
  request: (version: number) => QI,
  seen: (answer: P) => unknown,
): readonly [Api, Ask] {
  const ask: Ask = async (broker, version) =>
    seen(await broker.settle(broker.connect().request(api, version, request(version))))
  return [api as unknown as Api, ask]
}

/** Topic `t` has two partitions, and three records in the first one. */
const ROWS: readonly (readonly [Api, Ask])[] = [
  row(
    createTopics,
    () => ({ topics: [{ name: 'new', ...asked }] }),
    ({ topics }) => topics[0]?.errorCode,
  ),
  row(
    deleteTopics,
    (version) =>
      version >= 6
        ? { topics: [{ name: 't', topicId: ZERO_UUID }], timeoutMs: 0 }
        : { topicNames: ['t'], timeoutMs: 0 },
    ({ responses }) => responses[0]?.errorCode,
  ),
  row(
    createPartitions,
    () => ({ topics: [{ name: 't', count: 3, assignments: null }], timeoutMs: 0, validateOnly: false }),
    ({ results }) => results[0]?.errorCode,
  ),
  row(
    deleteRecords,
    () => ({ topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: 2 }] }], timeoutMs: 0 }),
    ({ topics }) => (topics[0]?.partitions[0]?.lowWatermark === 2 ? topics[0].partitions[0].errorCode : -1),
  ),
  row(
    describeConfigs,
    () => ({ resources: [{ ...topicResource, configurationKeys: null }] }),
    ({ results }) => (results[0]?.configs.length === 33 ? results[0].errorCode : -1),
  ),
  row(
    alterConfigs,
    () => ({
      resources: [{ ...topicResource, configs: [{ name: 'retention.ms', value: '5' }] }],
      validateOnly: false,
    }),
    ({ responses }) => responses[0]?.errorCode,
  ),
  row(
    incrementalAlterConfigs,
    () => ({
      resources: [{ ...topicResource, configs: [{ name: 'retention.ms', configOperation: 0, value: '5' }] }],
      validateOnly: false,
    }),
    ({ responses }) => responses[0]?.errorCode,
  ),
  row(
    listConfigResources,
    () => ({}),
    ({ errorCode }) => errorCode,
  ),
  row(
    describeTopicPartitions,
    () => ({ topics: [{ name: 't' }], responsePartitionLimit: 10, cursor: null }),
    ({ topics }) => (topics[0]?.partitions.length === 2 ? topics[0].errorCode : -1),
  ),
  row(
    describeCluster,
    () => ({ includeClusterAuthorizedOperations: false }),
    ({ brokers, errorCode }) => (brokers.length === 1 ? errorCode : -1),
  ),
  row(
    describeLogDirs,
    () => ({ topics: null }),
    ({ results }) => (results[0]?.topics[0]?.partitions.length === 2 ? results[0].errorCode : -1),
  ),
  row(
    describeProducers,
    () => ({ topics: [{ name: 't', partitionIndexes: [0] }] }),
    ({ topics }) => topics[0]?.partitions[0]?.errorCode,
  ),
  row(
    electLeaders,
    () => ({ electionType: 0, topicPartitions: null, timeoutMs: 0 }),
    ({ errorCode }) => errorCode,
  ),
  row(
    alterPartitionReassignments,
    () => ({ timeoutMs: 0, topics: [{ name: 't', partitions: [{ partitionIndex: 0, replicas: [1] }] }] }),
    ({ responses }) => responses[0]?.partitions[0]?.errorCode,
  ),
  row(
    listPartitionReassignments,
    () => ({ timeoutMs: 0, topics: null }),
    ({ errorCode }) => errorCode,
  ),
  row(
    describeClientQuotas,
    () => ({ components: [], strict: false }),
    ({ errorCode }) => errorCode,
  ),
  row(
    alterClientQuotas,
    () => ({ entries: [quota], validateOnly: false }),
    ({ entries }) => entries[0]?.errorCode,
  ),
  row(
    offsetDelete,
    () => ({ groupId: 'g', topics: [{ name: 't', partitions: [{ partitionIndex: 0 }] }] }),
    // There is no such group; but the request was understood.
    ({ errorCode }) => (errorCode === ErrorCode.GROUP_ID_NOT_FOUND ? ErrorCode.NONE : errorCode),
  ),
]

describe('an administration API', () => {
  const versions = ROWS.flatMap(([api, ask]) => {
    const served = ROUTES.find(({ key }) => key === api.key)?.served ?? [0, -1]
    const [min, max] = served
    return Array.from({ length: max - min + 1 }, (_, index) => [api.name, min + index, ask] as const)
  })
  it.each(versions)('%s is served in version %i', async (_name, version, ask) => {
    await using broker = await TestBroker.start()
    await broker.createTopic('t', 2)
    await broker.produce('t', numbered(3))
    expect(await ask(broker, version)).toBe(ErrorCode.NONE)
  })

  it('is here in every version that is served', () => {
    expect(versions.length).toBeGreaterThan(45)
    for (const [api] of ROWS)
      expect(
        versions.some(([name]) => name === api.name),
        api.name,
      ).toBe(true)
  })
})
