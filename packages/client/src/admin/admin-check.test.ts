import { describe, expect, it } from 'vitest'
import { createClient } from '../client.ts'

const { admin } = createClient({ bootstrapServers: 'a' })
const PLACE = { topic: 'a', partition: 0 }

/** Calls that programs without types make, and how they are told what is wrong: before anything is sent. */
const WRONG: readonly [call: string, args: readonly unknown[], message: string][] = [
  ['createTopics', [{ topics: [] }], 'topics: got {"topics":[]}, expected an array of { name }'],
  ['createTopics', [['a']], 'the options of a new topic: got "a", expected an object'],
  [
    'createTopics',
    [[{ name: 'a', numPartitions: 3 }]],
    'a new topic has no option "numPartitions"; it has name',
  ],
  ['createTopics', [[{ partitions: 3 }]], 'name: got undefined, expected a string that is not empty'],
  ['createTopics', [[{ name: 'a', partitions: '3' }]], 'partitions: got "3", expected a whole number'],
  ['createTopics', [[{ name: 'a', replicationFactor: 1.5 }]], 'replicationFactor: got 1.5, expected a whole'],
  ['createTopics', [[{ name: 'a', configs: { x: 5 } }]], 'config "x": got 5, expected a text'],
  [
    'createTopics',
    [[{ name: 'a', configs: null }]],
    'configs: got null, expected an object of names and texts',
  ],
  ['deleteTopics', ['a'], 'topics: got "a", expected an array of names'],
  ['createPartitions', ['a', '3'], 'count: got "3", expected a whole number'],
  ['describeTopic', [undefined], 'topic: got undefined, expected a string'],
  ['describeConfigs', ['a'], 'the options of a config resource: got "a", expected an object'],
  [
    'describeConfigs',
    [{ kind: 'cluster', name: '' }],
    'kind: got "cluster", expected one of topic, broker, group',
  ],
  ['describeConfigs', [{ kind: 'broker', name: 1 }], 'name: got 1, expected a string'],
  ['alterConfigs', [{ kind: 'topic', name: 'a' }, { x: 5 }], 'config "x": got 5, expected a text or null'],
  ['listOffsets', ['a'], 'partitions: got "a", expected an array of { topic, partition }'],
  [
    'listOffsets',
    [[{ ...PLACE, partition: '0', timestamp: -1 }]],
    'partition: got "0", expected a whole number',
  ],
  ['listOffsets', [[PLACE]], 'timestamp: got undefined, expected a whole number'],
  ['fetchOffsets', [{ groupId: 'g' }], 'group: got {"groupId":"g"}, expected a string'],
  ['fetchOffsets', ['g', PLACE], 'partitions: got {"topic"'],
  ['alterOffsets', ['g', [{ ...PLACE, offset: '5' }]], 'offset: got "5", expected a whole number from 0'],
  ['describeGroup', [['g']], 'group: got ["g"], expected a string'],
  ['deleteGroup', [['g']], 'group: got ["g"], expected a string'],
]

describe('an admin call', () => {
  it.each(WRONG)('%s of %j is refused by name', async (call, args, message) => {
    const given = async (): Promise<unknown> => Reflect.get(admin, call).apply(admin, args)
    await expect(given()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(message),
    })
  })
})
