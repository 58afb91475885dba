import { describe, expect, it } from 'vitest'
import { createClient } from './client.ts'
import { parseBootstrapServers } from './client-options.ts'
import { rangeAssignor } from './groups/assignors/range-assignor.ts'
import type { TopicGroupOptions } from './groups/group-options.ts'

describe('bootstrap servers', () => {
  it('are host:port, several with commas, IPv6 in brackets, port 9092 by default', () => {
    expect(parseBootstrapServers('a:1, b.example:2,')).toEqual([
      { host: 'a', port: 1 },
      { host: 'b.example', port: 2 },
    ])
    expect(parseBootstrapServers(['[::1]:9093', 'c'])).toEqual([
      { host: '::1', port: 9093 },
      { host: 'c', port: 9092 },
    ])
  })

  for (const wrong of ['', 'a:0', 'a:65536', 'a:b', 'http://a:1', 'a b:1', '[::1', '::1:9092']) {
    it(`refuse "${wrong}"`, () =>
      expect(() => parseBootstrapServers(wrong)).toThrow(/^bootstrapServers: got /))
  }
})

/** What is wrong, and how it is told. Options come from programs without types too. */
const WRONG: readonly [where: string, options: unknown, message: string | RegExp][] = [
  [
    'createClient',
    { bootstrapServers: 5 },
    'bootstrapServers: got 5, expected host:port, or an array of them',
  ],
  ['createClient', { bootstrapServers: [null] }, 'bootstrapServers: got [null]'],
  ['createClient', { brokers: [] }, 'createClient has no option "brokers"; it has bootstrapServers'],
  ['createClient', { clientId: '' }, 'clientId: got "", expected a string that is not empty'],
  ['createClient', { tls: 'yes' }, 'tls: got "yes", expected true, false or options of node:tls'],
  ['createClient', { sasl: null }, 'sasl: got null, expected an object with a mechanism'],
  ['createClient', { sasl: { mechanism: 'gssapi' } }, 'sasl.mechanism: got "gssapi", expected plain'],
  ['createClient', { sasl: { mechanism: 'plain', username: 'u' } }, 'sasl.password: got "nothing", expected'],
  ['createClient', { sasl: { mechanism: 'oauthbearer' } }, 'sasl.token: got undefined, expected a function'],
  ['createClient', { connectTimeoutMs: '5' }, 'connectTimeoutMs: got "5", expected a whole number from 1'],
  ['createClient', { requestTimeoutMs: 0 }, 'requestTimeoutMs: got 0, expected a whole number from 1'],
  ['createClient', { apiTimeoutMs: 1.5 }, 'apiTimeoutMs: got 1.5, expected a whole number from 1'],
  ['createClient', { retryBackoffMs: -1 }, 'retryBackoffMs: got -1, expected a whole number from 1'],
  ['createClient', { retryBackoffMaxMs: -1 }, 'retryBackoffMaxMs: got -1, expected a whole number from 1'],
  ['createClient', { metadataMaxAgeMs: 0 }, 'metadataMaxAgeMs: got 0, expected a whole number from 1'],
  ['createClient', { maxResponseBytes: 1 }, 'maxResponseBytes: got 1, expected a whole number from 65536'],
  ['createClient', { network: 5 }, 'network: got 5, expected an object with connect()'],
  ['createClient', { clock: {} }, 'clock: got {}, expected an object with monotonicMs()'],
  ['client', undefined, 'the options of createClient: got undefined, expected an object'],
  ['client', 'localhost:9092', 'the options of createClient: got "localhost:9092", expected an object'],
  ['producer', null, 'the options of producer: got null, expected an object'],
  ['close', { timeout: 5 }, 'close has no option "timeout"; it has timeoutMs'],
  ['close', { timeoutMs: -5 }, 'timeoutMs: got -5, expected a whole number from 0'],
  ['close', null, 'the options of close: got null, expected an object'],
  ['producer', { acks: 2 }, 'acks: got 2, expected one of "all", 0, 1'],
  ['producer', { idempotent: 'yes' }, 'idempotent: got "yes", expected one of true, false'],
  ['producer', { batchBytes: 1 }, 'batchBytes: got 1, expected a whole number from 1024'],
  ['producer', { bufferBytes: 1n }, 'bufferBytes: got 1, expected a whole number from 1024'],
  ['producer', { maxRequestBytes: 1 }, 'maxRequestBytes: got 1, expected a whole number from 1024'],
  ['producer', { deliveryTimeoutMs: 0 }, 'deliveryTimeoutMs: got 0, expected a whole number from 1'],
  ['read', { follow: 1 }, 'follow: got 1, expected one of true, false'],
  ['read', { partitions: 0 }, 'partitions: got 0, expected an array of partition numbers'],
  ['read', { partitions: [-1] }, 'partitions: got [-1], expected an array of partition numbers'],
  ['read', { isolation: 'none' }, 'isolation: got "none", expected one of "read_committed", "read_un'],
  ['read', { signal: 5 }, 'signal: got 5, expected an AbortSignal'],
  ['read', null, 'the options of read: got null, expected an object'],
  ['read', { from: { offsets: null } }, 'from: got {"offsets":null}, expected'],
  ['read from', undefined, 'topics: got undefined, expected the name of a topic, or several'],
  ['read from', [''], 'topic: got "", expected a string that is not empty'],
  ['consume', { group: '' }, 'group: got "", expected a string that is not empty'],
  ['consume', { group: undefined }, 'group: got undefined, expected a string that is not empty'],
  ['consume', { protocol: 'share' }, 'protocol: got "share", expected one of "auto", "classic", "consumer"'],
  ['consume', { from: 'start' }, 'from: got "start", expected \'beginning\''],
  ['consume', { from: { time: -1 } }, 'from: got {"time":-1}, expected \'beginning\''],
  ['consume', { outOfRange: 'earliest' }, 'outOfRange: got "earliest", expected one of "beginning"'],
  ['consume', { instanceId: 7 }, 'instanceId: got 7, expected a string'],
  ['consume', { sessionTimeoutMs: 0 }, 'sessionTimeoutMs: got 0, expected a whole number'],
  ['consume', { heartbeatIntervalMs: 0 }, 'heartbeatIntervalMs: got 0, expected a whole number'],
  ['consume', { rebalanceTimeoutMs: 0 }, 'rebalanceTimeoutMs: got 0, expected a whole number'],
  ['consume', { commit: 'auto' }, 'commit: got "auto", expected one of "interval", "each", "manual"'],
  ['consume', { commitIntervalMs: 0 }, 'commitIntervalMs: got 0, expected a whole number'],
  ['consume', { onAssigned: 1 }, 'onAssigned: got 1, expected a function'],
  ['consume', { onRevoked: 1 }, 'onRevoked: got 1, expected a function'],
  ['consume', { onStalled: 1 }, 'onStalled: got 1, expected a function'],
  ['consume', { stallAfterMs: 0 }, 'stallAfterMs: got 0, expected a whole number'],
  ['consume', { assignors: [] }, 'assignors: got [], expected an array with at least one assignor'],
  ['consume', { isolation: 1 }, 'isolation: got 1, expected one of'],
  ['consume', { readAheadBytes: 1 }, 'readAheadBytes: got 1, expected a whole number from 65536'],
  ['consume', { signal: 5 }, 'signal: got 5, expected an AbortSignal'],
  ['consume', { groupId: 'g' }, 'consume has no option "groupId"; it has group'],
  ['consume', null, 'the options of consume: got null, expected an object'],
  [
    'consume',
    { protocol: 'consumer', assignors: [rangeAssignor] },
    'protocol: got "consumer", expected \'cla',
  ],
  ['iterate', { commit: 'manual' }, "commit: got \"manual\", expected 'interval' or 'each': for commits"],
  ['handle', { commit: 'manual' }, "commit: got \"manual\", expected 'interval' or 'each': for commits"],
  ['iterate', { concurrency: 4 }, 'concurrency is an option of consume() with a handler, and there is none'],
  ['topics', [], 'topics: got [], expected the name of a topic, several, or a pattern'],
  ['topics', [5], 'topics: got [5], expected the name of a topic, several, or a pattern'],
  ['topics', '', 'topics: got "", expected the name of a topic, several, or a pattern'],
  ['topic', undefined, 'topic: got undefined, expected a string that is not empty'],
  ['handler', 5, 'handler: got 5, expected a function'],
  ['handle', { concurrency: 0 }, 'concurrency: got 0, expected a whole number from 1'],
  ['handle', { orderedBy: 'time' }, 'orderedBy: got "time", expected one of "key", "partition"'],
  ['handle', { retries: -1 }, 'retries: got -1, expected a whole number from 0'],
  ['handle', { retryBackoffMs: 0 }, 'retryBackoffMs: got 0, expected a whole number from 1'],
  ['handle', { deadLetterTopic: '' }, 'deadLetterTopic: got "", expected a string that is not empty'],
  [
    'handle',
    { deadletterTopic: 'a' },
    /^consume has no option "deadletterTopic"; it has group, .* deadLetterTopic$/,
  ],
  ['handle', null, 'the options of consume: got null, expected an object'],
]

function withGroup(options: object): TopicGroupOptions {
  return options === null ? (options as never) : { group: 'g', ...options }
}

const client = createClient({ bootstrapServers: 'a' })
const TAKERS: Readonly<Record<string, (options: never) => unknown>> = {
  createClient: (options: object) => createClient({ bootstrapServers: 'a', ...options }),
  client: (options: never) => createClient(options),
  close: (options: object) => client.producer().close(options),
  producer: (options: object) => client.producer(options),
  read: (options: object) => client.read('a', options),
  'read from': (topics: never) => client.read(topics),
  consume: (options: object) => client.consume(['a'], withGroup(options)),
  iterate: (options: object) => client.topic('a').consume(withGroup(options)),
  topics: (topics: never) => client.consume(topics, { group: 'g' }),
  topic: (name: never) => client.topic(name),
  handler: (handler: never) => client.topic('a').consume({ group: 'g' }, handler),
  handle: (options: object) => client.topic('a').consume(withGroup(options), () => {}),
}

describe('options that are wrong', () => {
  it.each(WRONG)('of %s are refused by name: %o', async (where, options, message) => {
    const given = async (): Promise<unknown> => TAKERS[where]?.(options as never)
    await expect(given()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      retriable: false,
      message:
        typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
    })
  })
})
