import { AssertionError } from 'node:assert'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FileSystem, memoryFileSystem } from '@millrace/log-core'
import {
  createTopics,
  ErrorCode,
  fetch,
  findCoordinator,
  initProducerId,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  produce,
} from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { InMemoryNetwork } from './network/in-memory-network.ts'
import { startBroker } from './start-broker.ts'
import { batchOf, numbered, produceBody, TestBroker } from './testing/test-broker.ts'

describe('virtual brokers (nodes: 3)', () => {
  it('are three node ids on consecutive ports, which Metadata tells on each of them', async () => {
    await using broker = await TestBroker.start({ port: 9092, nodes: 3, config: { 'node.id': '10' } })
    expect(broker.broker.bootstrapServers).toBe('localhost:9092,localhost:9093,localhost:9094')
    for (const nodeIndex of [0, 1, 2]) {
      const reply = await broker.settle(broker.connect(nodeIndex).request(metadata, 9, { topics: null }))
      expect(reply.brokers.map(({ nodeId, port }) => [nodeId, port])).toEqual([
        [10, 9092],
        [11, 9093],
        [12, 9094],
      ])
    }
  })

  it('spread the leaders, and accept and show a replication factor of 3', async () => {
    await using broker = await TestBroker.start({ nodes: 3 })
    const topics = [{ name: 't', numPartitions: 6, replicationFactor: 3, assignments: [], configs: [] }]
    const created = await broker.settle(broker.connect().request(createTopics, 7, { topics }))
    expect(created.topics[0]).toMatchObject({ errorCode: ErrorCode.NONE, replicationFactor: 3 })
    const reply = await broker.settle(broker.connect().request(metadata, 9, { topics: [{ name: 't' }] }))
    const partitions = reply.topics[0]?.partitions ?? []
    expect(partitions.map(({ leaderId }) => leaderId).sort()).toEqual([1, 1, 2, 2, 3, 3])
    for (const { leaderId, replicaNodes, isrNodes } of partitions) {
      expect(replicaNodes[0]).toBe(leaderId)
      expect([...replicaNodes].sort()).toEqual([1, 2, 3])
      expect(isrNodes).toEqual(replicaNodes)
    }
  })

  it('answer what another one leads with NOT_LEADER_OR_FOLLOWER, and say who does', async () => {
    await using broker = await TestBroker.start({ nodes: 3 })
    const topicId = await broker.createTopic('t', 3)
    const reply = await broker.settle(broker.connect().request(metadata, 9, { topics: [{ name: 't' }] }))
    const leaderId = reply.topics[0]?.partitions[0]?.leaderId ?? 0
    const others = [1, 2, 3].filter((nodeId) => nodeId !== leaderId)
    const batch = (): Buffer => batchOf(numbered(1), broker.clock.nowMs())
    for (const nodeId of others) {
      const connection = broker.connect(nodeId - 1)
      const produced = await broker.settle(connection.request(produce, 10, produceBody('t', batch())))
      expect(produced.responses[0]?.partitionResponses[0]).toMatchObject({
        errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
        currentLeader: { leaderId, leaderEpoch: 0 },
      })
      expect(produced.nodeEndpoints?.map((endpoint) => endpoint.nodeId)).toEqual([leaderId])
      const topics = [
        { topicId, topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] },
      ]
      const request = { maxWaitMs: 10_000, minBytes: 1, topics }
      const fetched = await broker.settle(connection.request(fetch, 16, request))
      expect(fetched.responses[0]?.partitions[0]).toMatchObject({
        errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
        currentLeader: { leaderId, leaderEpoch: 0 },
      })
      expect(fetched.nodeEndpoints?.map((endpoint) => endpoint.nodeId)).toEqual([leaderId])
      const offsets = await broker.settle(
        connection.request(listOffsets, 5, {
          replicaId: -1,
          topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
        }),
      )
      expect(offsets.topics[0]?.partitions[0]?.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    }
    const leader = broker.connect(leaderId - 1)
    const produced = await broker.settle(leader.request(produce, 10, produceBody('t', batch())))
    expect(produced.responses[0]?.partitionResponses[0]).toMatchObject({
      errorCode: ErrorCode.NONE,
      baseOffset: 0,
    })
  })

  it('spread the coordinators, and answer for the groups of others with NOT_COORDINATOR', async () => {
    await using broker = await TestBroker.start({ nodes: 3 })
    await broker.createTopic('t')
    const coordinators = new Set<number>()
    for (const groupId of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      const found = await broker.settle(
        broker.connect().request(findCoordinator, 2, { key: groupId, keyType: 0 }),
      )
      coordinators.add(found.nodeId)
      const body = {
        groupId,
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [
          { name: 't', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] },
        ],
      }
      for (const nodeId of [1, 2, 3]) {
        const reply = await broker.settle(broker.connect(nodeId - 1).request(offsetCommit, 8, body))
        const expected = nodeId === found.nodeId ? ErrorCode.NONE : ErrorCode.NOT_COORDINATOR
        expect(reply.topics[0]?.partitions[0]?.errorCode).toBe(expected)
      }
    }
    expect(coordinators.size).toBe(3)
  })
})

describe('reset', () => {
  it('empties a broker in memory; addresses, connections, cluster id stay, and producer ids go on', async () => {
    await using broker = await TestBroker.start()
    const connection = broker.connect()
    await broker.createTopic('t')
    await broker.produce('t', numbered(3))
    const groupTopics = [
      { name: 't', partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }] },
    ]
    const commit = { groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '', topics: groupTopics }
    await broker.settle(connection.request(offsetCommit, 8, commit))
    const init = { transactionalId: null, transactionTimeoutMs: 0 }
    const first = await broker.settle(connection.request(initProducerId, 1, init))
    const parked = connection.request(fetch, 11, {
      maxWaitMs: 60_000,
      minBytes: 1,
      topics: [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 3, partitionMaxBytes: 1000 }] }],
    })
    await broker.quiesce()

    await broker.settle(broker.broker.reset())

    await broker.settle(parked)
    const after = await broker.settle(connection.request(metadata, 9, { topics: null }))
    expect(after.topics).toEqual([])
    expect(after.clusterId).toBe(broker.broker.clusterId)
    expect(after.brokers).toHaveLength(1)
    const groups = [{ groupId: 'g', topics: null, memberId: null, memberEpoch: -1 }]
    const offsets = await broker.settle(connection.request(offsetFetch, 8, { groups }))
    expect(offsets.groups[0]?.topics).toEqual([])
    const second = await broker.settle(connection.request(initProducerId, 1, init))
    expect(second.producerId).toBeGreaterThan(first.producerId)
    await broker.createTopic('t')
    expect(await broker.produce('t', numbered(1))).toBe(0)
  })

  it('is refused for a broker with a data directory', async () => {
    await using broker = await TestBroker.start({ dataDir: '/elsewhere' })
    await broker.createTopic('t')
    await expect(broker.broker.reset()).rejects.toThrow(/in memory/)
    expect(await broker.produce('t', numbered(1))).toBe(0)
  })
})

describe('the end of a broker', () => {
  it('comes with the abort of its signal, and resolves closed', async () => {
    const controller = new AbortController()
    const broker = await TestBroker.start({ signal: controller.signal })
    controller.abort()
    await broker.settle(broker.broker.closed)
    await broker.settle(broker.broker.close())
  })

  it('does not begin when the signal was aborted before', async () => {
    await expect(TestBroker.start({ signal: AbortSignal.abort() })).rejects.toThrow()
  })

  it('cuts off a peer that does not read, within two seconds', async () => {
    const broker = await TestBroker.start()
    const connection = broker.connect()
    connection.pauseReading()
    connection.request(metadata, 9, { topics: null }).catch(() => {})
    await broker.quiesce()
    const before = broker.clock.monotonicMs()
    await broker.close()
    expect(broker.clock.monotonicMs() - before).toBeLessThan(2000)
  })

  it('comes when an assertion fails inside: closed rejects, and the process goes on', async () => {
    const fileSystem = memoryFileSystem()
    let isBroken = false
    const breaking: FileSystem = new Proxy(fileSystem, {
      get: (target, name) => {
        const value = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (isBroken) throw new AssertionError({ message: 'planted' })
          return Reflect.apply(value, target, args)
        }
      },
    })
    const broker = await TestBroker.start({ fileSystem: breaking })
    isBroken = true
    await expect(broker.createTopic('t')).rejects.toThrow()
    isBroken = false
    await expect(broker.settle(broker.broker.closed)).rejects.toThrow('planted')
    expect(broker.logged.filter(({ level }) => level === 'error').length).toBeGreaterThan(0)
  })
})

describe('over TCP', () => {
  it('listens on both loopback addresses', async () => {
    await using broker = await startBroker({ port: 0 })
    const port = broker.brokers[0]?.port ?? 0
    for (const host of ['127.0.0.1', '::1']) {
      const answer = await new Promise<Buffer>((resolve, reject) => {
        const socket = connect({ host, port }, () => {
          // ApiVersions v0, correlation id 5, no client id.
          socket.write(Buffer.from('0000000a' + '00120000' + '00000005' + 'ffff', 'hex'))
        })
        socket.once('data', (data) => {
          resolve(data)
          socket.destroy()
        })
        socket.once('error', reject)
      })
      expect(answer.readInt32BE(4)).toBe(5)
    }
  })

  it('fifty brokers stand side by side in one process', async () => {
    const brokers = await Promise.all(
      Array.from({ length: 50 }, () => startBroker({ port: 0, host: '127.0.0.1' })),
    )
    expect(new Set(brokers.map(({ bootstrapServers }) => bootstrapServers)).size).toBe(50)
    await Promise.all(brokers.map((broker) => broker.close()))
  })

  it('a port that is taken is an error with its code', async () => {
    await using broker = await startBroker({ port: 0, host: '127.0.0.1' })
    const port = broker.brokers[0]?.port ?? 0
    await expect(startBroker({ port, host: '127.0.0.1' })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

describe('options', () => {
  it('that no compiler has seen are refused by name', async () => {
    const misspelt: object = { port: 0, datadir: '/tmp/never' }
    await expect(startBroker(misspelt)).rejects.toThrow(
      /^Unknown option datadir of startBroker: did you mean dataDir\?$/,
    )
    const config: object = { 'num.partitions': 4 }
    await expect(startBroker({ port: 0, config: { ...config } })).rejects.toThrow(
      /^Invalid value 4 for configuration num\.partitions: Expected a string$/,
    )
  })

  it('of a wrong type are refused with what was given and what is allowed', async () => {
    const refusalOf = async (options: object): Promise<string> => {
      // A broker that starts all the same is closed by its signal.
      const controller = new AbortController()
      try {
        await startBroker({
          network: new InMemoryNetwork(setImmediate),
          signal: controller.signal,
          ...options,
        })
        return 'started'
      } catch (error) {
        return String(error)
      } finally {
        controller.abort()
      }
    }
    const invalid = 'InvalidConfigError: Invalid value'
    expect(await refusalOf({ port: '9' })).toBe(
      `${invalid} '9' for option port of startBroker: expected an integer between 0 and 65535`,
    )
    expect(await refusalOf({ port: 65_536 })).toContain(`${invalid} 65536 for option port of startBroker`)
    expect(await refusalOf({ nodes: '3' })).toBe(
      `${invalid} '3' for option nodes of startBroker: expected an integer`,
    )
    expect(await refusalOf({ nodes: 0 })).toBe(
      `${invalid} 0 for configuration millrace.nodes: Value must be at least 1`,
    )
    const wrong = { dataDir: 5, host: null, listeners: 'PLAINTEXT://:0', config: [], logger: console.log }
    const wrongSeams = { signal: {}, fileSystem: 'disk', network: true, clock: Date, randomBytes: 8 }
    for (const [name, value] of Object.entries({ ...wrong, ...wrongSeams })) {
      expect(await refusalOf({ [name]: value })).toMatch(
        new RegExp(`^${invalid} .+ for option ${name} of startBroker: expected an? `),
      )
    }
    expect(await refusalOf({ port: undefined, config: undefined, logger: undefined })).toBe('started')
    const none = JSON.parse('9092')
    await expect(startBroker(none)).rejects.toThrow(
      /^Invalid options 9092 of startBroker: expected an object$/,
    )
  })
})

describe('a data directory', () => {
  it('has one broker at a time; the second is told who holds it', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'millrace-'))
    try {
      await using _broker = await startBroker({ port: 0, dataDir })
      await expect(startBroker({ port: 0, dataDir })).rejects.toMatchObject({ code: 'LOCKED' })
    } finally {
      rmSync(dataDir, { recursive: true })
    }
  })
})
