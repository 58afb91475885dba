import { createTopics, deleteTopics, ErrorCode, metadata } from '@millrace/protocol'
import { type CrashKind, Prng, SimulatedClock, SimulatedDisk } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { numbered, TestBroker } from '../testing/test-broker.ts'
import { unlessDead } from '../testing/unless-dead.ts'

/** The topics as a client sees them: name to id. */
type Topics = Readonly<Record<string, string>> & { readonly a?: string }

async function topicsOf(broker: TestBroker): Promise<Topics> {
  const { topics } = await broker.settle(broker.connect().request(metadata, 12, { topics: null }))
  for (const { errorCode, partitions } of topics) {
    expect(errorCode).toBe(ErrorCode.NONE)
    for (const partition of partitions) expect(partition.errorCode).toBe(ErrorCode.NONE)
  }
  return Object.fromEntries(topics.map(({ name, topicId }) => [name, topicId]))
}

interface Outcome {
  /** What the last answer that arrived told. */
  readonly acknowledged: readonly string[]
  readonly operationCount: number
}

/** Creates b, deletes a, makes a again; dies at the given operation of the disk. */
async function changeTopics(disk: SimulatedDisk, crashAtOperation: number): Promise<Outcome> {
  const clock = new SimulatedClock()
  const fileSystem = disk.boot(clock)
  const acknowledged: string[] = []
  fileSystem.gate.crashAtOperation = crashAtOperation
  try {
    const broker = await unlessDead(clock, fileSystem, TestBroker.start({ clock, fileSystem }))
    const connection = broker.connect()
    const create = (name: string) => ({
      topics: [{ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
    })
    const steps: [string, () => Promise<{ errorCode: number } | undefined>][] = [
      ['create b', async () => (await connection.request(createTopics, 7, create('b'))).topics[0]],
      [
        'delete a',
        async () =>
          (await connection.request(deleteTopics, 4, { topicNames: ['a'], timeoutMs: 0 })).responses[0],
      ],
      ['create a', async () => (await connection.request(createTopics, 7, create('a'))).topics[0]],
    ]
    for (const [step, run] of steps) {
      const reply = await unlessDead(clock, fileSystem, run())
      if (reply?.errorCode !== ErrorCode.NONE) break
      acknowledged.push(step)
    }
    await unlessDead(clock, fileSystem, broker.close())
  } catch {
    // The process died: whatever was not answered may or may not have happened.
  }
  return { acknowledged, operationCount: fileSystem.gate.operationCount }
}

/** A disk with topic a, which has records in both partitions. */
async function preparedDisk(seed: number): Promise<{ disk: SimulatedDisk; firstId: string }> {
  const disk = new SimulatedDisk(new Prng(seed))
  const clock = new SimulatedClock()
  const broker = await TestBroker.start({ clock, fileSystem: disk.boot(clock) })
  const firstId = await broker.createTopic('a', 2)
  for (const partition of [0, 1]) await broker.produce('a', numbered(3), partition)
  await broker.close()
  disk.crash('process')
  return { disk, firstId }
}

/** Every state that a client may find, by how many of the three changes are in it. */
function checkTopics(found: Topics, changes: number, firstId: string, seen: string): void {
  const names = Object.keys(found).sort()
  const expected = [['a'], ['a', 'b'], ['b'], ['a', 'b']][changes]
  expect(names, seen).toEqual(expected)
  if (changes <= 1) expect(found.a, seen).toBe(firstId)
  if (changes === 3) expect(found.a, seen).not.toBe(firstId)
}

describe('creating and deleting topics', () => {
  const kinds: CrashKind[] = ['process', 'power']
  it.each(kinds)(
    'is all or nothing when the %s dies at any operation of the disk',
    { timeout: 120_000 },
    async (kind) => {
      let reached = 0
      for (let crashAt = 1; ; crashAt++) {
        const { disk, firstId } = await preparedDisk(crashAt)
        const { acknowledged, operationCount } = await changeTopics(disk, crashAt)
        disk.crash(kind)
        const clock = new SimulatedClock()
        const broker = await TestBroker.start({ clock, fileSystem: disk.boot(clock) })
        const found = await topicsOf(broker)
        const done = acknowledged.length
        // At most the one change that was under way is there as well.
        const isNext =
          Object.keys(found).length !== [1, 2, 1, 2][done] || (done === 2 && found.a !== undefined)
        checkTopics(
          found,
          isNext ? done + 1 : done,
          firstId,
          `operation ${crashAt} after ${acknowledged.join(', ')}`,
        )
        // Whatever is there can be written to; the first a has kept its records, a second one has none of them.
        for (const [name, topicId] of Object.entries(found)) {
          const expected = topicId === firstId ? 3 : 0
          expect(await broker.produce(name, numbered(1)), `${name} after operation ${crashAt}`).toBe(expected)
        }
        const strays = broker.logged.filter(({ message }) => message.includes('catalog does not know'))
        expect(strays, `operation ${crashAt}`).toEqual([])
        await broker.close()
        reached = crashAt
        if (operationCount < crashAt) break
      }
      expect(reached).toBeGreaterThan(50)
    },
  )
})

describe('directories that the catalog does not account for', () => {
  it('are reported, not served and not removed', async () => {
    const { disk } = await preparedDisk(1)
    const clock = new SimulatedClock()
    const fileSystem = disk.boot(clock)
    fileSystem.remove('/data/millrace-catalog.journal')
    await using broker = await TestBroker.start({ clock, fileSystem })
    expect(await topicsOf(broker)).toEqual({})
    expect(broker.logged.filter(({ level }) => level === 'warn')).toHaveLength(2)
    expect(fileSystem.exists('/data/a-0')).toBe(true)
  })

  it('stand in the way of a topic of their name, which says so', async () => {
    const { disk } = await preparedDisk(1)
    const clock = new SimulatedClock()
    const fileSystem = disk.boot(clock)
    fileSystem.remove('/data/millrace-catalog.journal')
    await using broker = await TestBroker.start({ clock, fileSystem })
    await broker.createTopic('a')
    await expect(broker.produce('a', numbered(1))).rejects.toThrow(String(ErrorCode.KAFKA_STORAGE_ERROR))
  })

  it('when lost, make their partitions answer KAFKA_STORAGE_ERROR instead of being empty', async () => {
    const { disk } = await preparedDisk(1)
    const clock = new SimulatedClock()
    const fileSystem = disk.boot(clock)
    fileSystem.removeDirectory('/data/a-0')
    await using broker = await TestBroker.start({ clock, fileSystem })
    await expect(broker.produce('a', numbered(1), 0)).rejects.toThrow(String(ErrorCode.KAFKA_STORAGE_ERROR))
    expect(await broker.produce('a', numbered(1), 1)).toBe(3)
  })
})
