import {
  alterClientQuotas,
  createPartitions,
  describeClientQuotas,
  describeConfigs,
  ErrorCode,
  incrementalAlterConfigs,
  metadata,
  ZERO_UUID,
} from '@millrace/protocol'
import { type CrashKind, Prng, SimulatedClock, SimulatedDisk } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { numbered, TestBroker } from '../testing/test-broker.ts'
import type { TestConnection } from '../testing/test-connection.ts'
import { unlessDead } from '../testing/unless-dead.ts'

const TOPIC = 2
const BROKER = 4

/** Sets one config of one resource. */
async function set(connection: TestConnection, resourceType: number, resourceName: string, name: string) {
  const configs = [{ name, configOperation: 0, value: '5000' }]
  const resources = [{ resourceType, resourceName, configs }]
  return (await connection.request(incrementalAlterConfigs, 1, { resources, validateOnly: false }))
    .responses[0]
}

/** The changes, in the order in which they are asked for. */
const CHANGES: readonly ((connection: TestConnection) => Promise<{ errorCode: number } | undefined>)[] = [
  (connection) => set(connection, TOPIC, 'a', 'retention.ms'),
  async (connection) => {
    const topics = [{ name: 'a', count: 4, assignments: null }]
    return (await connection.request(createPartitions, 3, { topics, timeoutMs: 0, validateOnly: false }))
      .results[0]
  },
  (connection) => set(connection, BROKER, '', 'message.max.bytes'),
  async (connection) => {
    const entity = [{ entityType: 'client-id', entityName: 'c' }]
    const ops = ['producer_byte_rate', 'consumer_byte_rate'].map((key) => ({
      key,
      value: 1e9,
      remove: false,
    }))
    return (
      await connection.request(alterClientQuotas, 1, { entries: [{ entity, ops }], validateOnly: false })
    ).entries[0]
  },
  (connection) => set(connection, TOPIC, 'a', 'segment.ms'),
]

/** Which of the changes a client finds. */
async function changesIn(broker: TestBroker): Promise<boolean[]> {
  const connection = broker.connect()
  const configOf = async (resourceType: number, resourceName: string, name: string) => {
    const resources = [{ resourceType, resourceName, configurationKeys: [name] }]
    const { results } = await broker.settle(connection.request(describeConfigs, 4, { resources }))
    return results[0]?.configs[0]?.value
  }
  const { topics } = await broker.settle(
    connection.request(metadata, 12, { topics: [{ topicId: ZERO_UUID, name: 'a' }] }),
  )
  const partitions = topics[0]?.partitions ?? []
  expect(partitions.map(({ errorCode }) => errorCode)).toEqual(partitions.map(() => ErrorCode.NONE))
  expect([2, 4]).toContain(partitions.length)
  const { entries } = await broker.settle(
    connection.request(describeClientQuotas, 1, { components: [], strict: false }),
  )
  // Both quotas of the entity or neither.
  expect([0, 2]).toContain(entries?.[0]?.values.length ?? 0)
  return [
    (await configOf(TOPIC, 'a', 'retention.ms')) === '5000',
    partitions.length === 4,
    (await configOf(BROKER, '1', 'message.max.bytes')) === '5000',
    entries?.length === 1,
    (await configOf(TOPIC, 'a', 'segment.ms')) === '5000',
  ]
}

/** Asks for the changes; dies at the given operation of the disk. Returns how many were answered. */
async function change(disk: SimulatedDisk, crashAtOperation: number) {
  const clock = new SimulatedClock()
  const fileSystem = disk.boot(clock)
  let answered = 0
  fileSystem.gate.crashAtOperation = crashAtOperation
  try {
    const broker = await unlessDead(clock, fileSystem, TestBroker.start({ clock, fileSystem }))
    const connection = broker.connect()
    for (const ask of CHANGES) {
      const reply = await unlessDead(clock, fileSystem, ask(connection))
      if (reply?.errorCode !== ErrorCode.NONE) break
      answered++
    }
    await unlessDead(clock, fileSystem, broker.close())
  } catch {
    // The process died: whatever was not answered may or may not have happened.
  }
  return { answered, operationCount: fileSystem.gate.operationCount }
}

async function preparedDisk(seed: number): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk(new Prng(seed))
  const clock = new SimulatedClock()
  const broker = await TestBroker.start({ clock, fileSystem: disk.boot(clock) })
  await broker.createTopic('a', 2)
  for (const partition of [0, 1]) await broker.produce('a', numbered(3), partition)
  await broker.close()
  disk.crash('process')
  return disk
}

describe('altering configs, partitions and quotas', () => {
  const kinds: CrashKind[] = ['process', 'power']
  it.each(kinds)(
    'is all or nothing when the %s dies at any operation of the disk',
    { timeout: 120_000 },
    async (kind) => {
      for (let crashAt = 1; ; crashAt++) {
        const disk = await preparedDisk(crashAt)
        const { answered, operationCount } = await change(disk, crashAt)
        disk.crash(kind)
        const clock = new SimulatedClock()
        const broker = await TestBroker.start({ clock, fileSystem: disk.boot(clock) })
        const seen = `operation ${crashAt} after ${answered} answers`
        const found = await changesIn(broker)
        const count = found.filter((isIn) => isIn).length
        // What was answered is there; at most the one change that was under way is there as well.
        expect(found, seen).toEqual(found.map((_, position) => position < count))
        expect([answered, answered + 1], seen).toContain(count)
        const partitions = found[1] ? [3, 3, 0, 0] : [3, 3]
        for (const [partition, offset] of partitions.entries()) {
          expect(await broker.produce('a', numbered(1), partition), seen).toBe(offset)
        }
        await broker.close()
        if (operationCount < crashAt) {
          expect(answered).toBe(CHANGES.length)
          expect(crashAt).toBeGreaterThan(50)
          return
        }
      }
    },
  )
})
